"""The release before the newest schema works on it: what a rollback finds, and a rollout beside it.

The schema of the checkout is in the database; the code comes from the commit before it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import httpx
import pytest
from earlier_release import earlier_release, newest_revision, running_earlier, services
from recording_sidecar import RecordingSidecar
from running_app import eventually
from test_notifications import ROUTE, bulk, event

ANN = {"x-user-id": "ann"}
Work = Callable[[httpx.AsyncClient, RecordingSidecar, str], Awaitable[None]]


async def tasks_work(old: httpx.AsyncClient, sidecar: RecordingSidecar, url: str) -> None:
    """Create, repeat, complete, delete, list, and everything announced once."""
    key = {"idempotency-key": "old-milk"}
    made = await old.post("/tasks", json={"title": "milk"}, headers=key)
    again = await old.post("/tasks", json={"title": "milk"}, headers=key)
    other = await old.post("/tasks", json={"title": "bread"})
    assert (made.status_code, again.status_code, other.status_code) == (201, 200, 201)
    done = await old.post(f"/tasks/{made.json()['id']}/complete")
    assert (done.status_code, done.json()["status"]) == (200, "completed")
    assert (await old.delete(f"/tasks/{other.json()['id']}")).status_code == 204
    listed = (await old.get("/tasks")).json()["items"]
    assert [(task["title"], task["status"]) for task in listed] == [("milk", "completed")]
    await eventually(lambda: len(sidecar.events) >= 4)
    announced = {event["seq"]: event["type"] for event in sidecar.events}
    kinds = ("created", "created", "completed", "deleted")
    assert announced == {
        number: f"com.todo.task.{kind}.v1" for number, kind in enumerate(kinds, start=1)
    }
    await _empties(url, "outbox")


async def notifications_work(old: httpx.AsyncClient, _: RecordingSidecar, url: str) -> None:
    """Consume alone and in bulk, once each, and give back what was delivered."""
    assert (await old.post(ROUTE, json=event("t1"))).json() == {"status": "SUCCESS"}
    answer = await old.post(ROUTE, json=bulk(event("t1"), event("t2", seq=2)))
    assert [entry["status"] for entry in answer.json()["statuses"]] == ["SUCCESS", "SUCCESS"]
    found = (await old.get("/notifications")).json()["items"]
    assert [(each["task_id"], each["status"]) for each in found] == [("t1", "sent"), ("t2", "sent")]


WORK: dict[str, Work] = {"tasks": tasks_work, "notifications": notifications_work}


def test_every_service_with_an_earlier_schema_has_its_work_here() -> None:
    assert set(WORK) == {name for name, steps in services().items() if len(steps) > 1}


@pytest.fixture
async def url(request: pytest.FixtureRequest, tasks_url: str, notifications_url: str) -> str:
    """A database of the service at hand, with the schema of the checkout."""
    urls = {"tasks": tasks_url, "notifications": notifications_url}
    return urls[request.getfixturevalue("package")]


@pytest.fixture
def package(request: pytest.FixtureRequest) -> str:
    """The service at hand."""
    return request.param


@pytest.fixture
async def old(
    package: str, url: str, sidecar: RecordingSidecar, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the earlier release."""
    release = earlier_release(package, tmp_path / "earlier")
    assert newest_revision(release, package) < services()[package][-1].name[:4]
    async with running_earlier(
        release, package, DATABASE_URL=url, SIDECAR_URL=sidecar.url, TOPIC_PREFIX="test."
    ) as client:
        yield client


@pytest.mark.parametrize("package", WORK, indirect=True)
async def test_the_release_before_works_on_the_newest_schema(
    package: str, old: httpx.AsyncClient, sidecar: RecordingSidecar, url: str
) -> None:
    await WORK[package](old, sidecar, url)


@pytest.mark.parametrize("package", ["tasks"], indirect=True)
async def test_old_and_new_replicas_take_turns_with_one_task(
    old: httpx.AsyncClient, tasks_service: str, sidecar: RecordingSidecar
) -> None:
    """A rollout, and a rollback in the middle of it: each goes on with what the other wrote."""
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as new:
        by_old = (await old.post("/tasks", json={"title": "by old"})).json()["id"]
        by_new = (await new.post("/tasks", json={"title": "by new"})).json()["id"]
        assert (await new.post(f"/tasks/{by_old}/complete")).status_code == 200
        assert (await old.post(f"/tasks/{by_new}/complete")).status_code == 200
        for replica in (old, new):
            listed = (await replica.get("/tasks")).json()["items"]
            assert {(task["title"], task["status"]) for task in listed} == {
                ("by old", "completed"),
                ("by new", "completed"),
            }
    # Two relays may both announce what both have read: each event at least once.
    await eventually(lambda: {event["seq"] for event in sidecar.events} == {1, 2, 3, 4})


async def _empties(url: str, table: str) -> None:
    connection = await asyncpg.connect(url)

    async def empty() -> bool:
        return await connection.fetchval(f"SELECT count(*) FROM {table}") == 0

    await eventually(empty)
    await connection.close()
