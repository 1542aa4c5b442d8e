"""Each occurrence of a recurring task becomes one task, however it is asked for."""

import asyncio
from datetime import datetime, timedelta

import asyncpg
import httpx
import pytest
from recording_sidecar import RecordingSidecar
from running_app import eventually

ANN = {"x-user-id": "ann"}
SCHEDULER = {**ANN, "dapr-caller-app-id": "scheduler-service"}
BODY = {
    "title": "water",
    "description": "the plants",
    "recurrence_rule": "0 9 * * *",
    "time_zone": "UTC",
    "starts_at": "2030-03-01T00:00",
}


def _instance(day: int, version: int = 1, following: int | None = None) -> dict[str, object]:
    """The body for the instance of a day in March 2030."""
    after = day + 1 if following is None else following
    return {
        "occurrence_key": f"2030-03-{day:02}T09:00",
        "instance_date": f"2030-03-{day:02}",
        "due_date": f"2030-03-{day:02}T09:00:00Z",
        "version": version,
        "next_generation_time": f"2030-03-{after:02}T09:00:00Z" if after else None,
    }


@pytest.fixture
async def client(tasks_service: str):
    async with httpx.AsyncClient(base_url=tasks_service, headers=SCHEDULER) as opened:
        yield opened


@pytest.fixture
async def path(client: httpx.AsyncClient) -> str:
    """Where a recurring task of ann's is."""
    made = await client.post("/recurring-tasks", json=BODY)
    assert made.json()["next_generation_time"] == "2030-03-01T09:00:00Z"
    return f"/recurring-tasks/{made.json()['id']}"


async def test_an_instance_is_a_task_that_knows_its_origin(
    client: httpx.AsyncClient, path: str, sidecar: RecordingSidecar
) -> None:
    made = await client.post(f"{path}/instances", json=_instance(1))
    task = made.json()
    read = await client.get(f"/tasks/{task['id']}")
    listed = (await client.get("/tasks")).json()["items"]
    template = (await client.get(path)).json()
    history = (await client.get(f"/tasks/{task['id']}/audit")).json()["items"]
    assert made.status_code == 201
    assert task == read.json() == listed[0]
    assert task["recurring_task_id"] == template["id"]
    assert {name: task[name] for name in ("title", "description", "instance_date", "due_date")} == {
        "title": "water",
        "description": "the plants",
        "instance_date": "2030-03-01",
        "due_date": "2030-03-01T09:00:00Z",
    }
    assert (template["next_generation_time"], template["version"]) == ("2030-03-02T09:00:00Z", 1)
    assert [(entry["action"], entry["actor"]) for entry in history] == [
        ("generated", "scheduler-service")
    ]
    await eventually(lambda: len(sidecar.events) >= 2)
    event = next(e for e in sidecar.events if e["type"] == "com.todo.task.created.v1")
    assert event["seq"] == 2
    assert event["data"] == {
        "task_id": task["id"],
        "user_id": "ann",
        "title": "water",
        "description": "the plants",
        "due_date": "2030-03-01T09:00:00Z",
        "recurring_task_id": template["id"],
        "instance_date": "2030-03-01",
        "series_version": 1,
    }


async def test_many_requests_for_one_occurrence_make_one_task_and_one_event(
    client: httpx.AsyncClient, path: str, sidecar: RecordingSidecar, tasks_url: str
) -> None:
    answers = await asyncio.gather(
        *(client.post(f"{path}/instances", json=_instance(1)) for _ in range(10))
    )
    await client.post("/tasks", json={"title": "last"})
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    await eventually(lambda: len(sidecar.events) >= 3)
    assert sorted(event["seq"] for event in sidecar.events) == [1, 2, 3]
    connection = await asyncpg.connect(tasks_url)
    with pytest.raises(asyncpg.UniqueViolationError, match="tasks_of_occurrence"):
        await connection.execute("""
            INSERT INTO tasks (id, user_id, title, status, created_at, updated_at, version,
                               request_digest, recurring_task_id, occurrence_key)
            SELECT gen_random_uuid(), user_id, title, status, created_at, updated_at, version,
                   request_digest, recurring_task_id, occurrence_key
            FROM tasks WHERE occurrence_key IS NOT NULL
        """)
    await connection.close()


async def test_an_instance_that_exists_is_given_back_whatever_became_of_its_template(
    client: httpx.AsyncClient, path: str
) -> None:
    first = (await client.post(f"{path}/instances", json=_instance(1))).json()
    repeats = []
    for change in ({"title": "feed"}, {"active": False}, None):
        if change is None:
            await client.delete(path)
        else:
            await client.patch(path, json=change)
        repeats.append(await client.post(f"{path}/instances", json=_instance(1)))
    await client.delete(f"/tasks/{first['id']}")
    repeats.append(await client.post(f"{path}/instances", json=_instance(1)))
    assert [answer.status_code for answer in repeats] == [200] * 4
    assert {answer.json()["id"] for answer in repeats} == {first["id"]}
    assert repeats[0].json() == first
    assert (await client.get(f"/tasks/{first['id']}")).status_code == 404


async def test_an_edit_is_for_instances_that_are_not_made_yet(
    client: httpx.AsyncClient, path: str
) -> None:
    before = (await client.post(f"{path}/instances", json=_instance(1))).json()
    await client.patch(path, json={"title": "feed"})
    stale = await client.post(f"{path}/instances", json=_instance(2, version=1))
    after = await client.post(f"{path}/instances", json=_instance(2, version=2))
    kept = (await client.get(f"/tasks/{before['id']}")).json()
    template = (await client.get(path)).json()
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    assert (after.status_code, after.json()["title"]) == (201, "feed")
    assert kept == before
    assert template["next_generation_time"] == "2030-03-03T09:00:00Z"


async def test_a_paused_or_deleted_template_makes_none(
    client: httpx.AsyncClient, path: str
) -> None:
    await client.patch(path, json={"active": False})
    paused = await client.post(f"{path}/instances", json=_instance(1, version=2))
    await client.delete(path)
    deleted = await client.post(f"{path}/instances", json=_instance(1, version=3))
    for answer in (paused, deleted):
        assert (answer.status_code, answer.json()["code"]) == (409, "inactive")
    assert (await client.get("/tasks")).json()["items"] == []


async def test_the_last_instance_leaves_nothing_to_be_made(
    client: httpx.AsyncClient, path: str
) -> None:
    last = await client.post(f"{path}/instances", json=_instance(5, following=0))
    late = await client.post(f"{path}/instances", json=_instance(4))
    template = (await client.get(path)).json()
    assert [last.status_code, late.status_code] == [201, 201]
    assert (template["next_generation_time"], template["active"]) == (None, True)


async def test_a_request_that_comes_late_does_not_turn_the_template_back(
    client: httpx.AsyncClient, path: str
) -> None:
    for day in (3, 2, 1):
        assert (await client.post(f"{path}/instances", json=_instance(day))).status_code == 201
    assert (await client.get(path)).json()["next_generation_time"] == "2030-03-04T09:00:00Z"


async def test_others_than_the_scheduler_are_refused_and_unknown_templates_not_found(
    client: httpx.AsyncClient, path: str
) -> None:
    refused = [
        await client.post(
            f"{path}/instances", json=_instance(1), headers={"dapr-caller-app-id": caller}
        )
        for caller in ("api-gateway", "")
    ]
    unknown = [
        await client.post(f"/recurring-tasks/{name}/instances", json=_instance(1))
        for name in ("no-such-id", "0190b6f8-0000-7000-8000-000000000002")
    ]
    foreign = await client.post(
        f"{path}/instances", json=_instance(1), headers={"x-user-id": "bob"}
    )
    odd = await client.post(
        f"{path}/instances", json=_instance(1) | {"instance_date": "2030-03-09"}
    )
    assert [answer.status_code for answer in refused] == [403, 403]
    assert [answer.status_code for answer in (*unknown, foreign)] == [404] * 3
    assert odd.status_code == 422


async def test_edits_and_instances_at_once_never_make_an_instance_of_an_old_version(
    client: httpx.AsyncClient, path: str, tasks_url: str, sidecar: RecordingSidecar
) -> None:
    rounds, version = 12, 1
    made: dict[str, int] = {}
    for day in range(1, rounds + 1):
        edit, *answers = await asyncio.gather(
            client.patch(path, json={"title": f"v{version + 1}"}),
            *(client.post(f"{path}/instances", json=_instance(day, version)) for _ in range(3)),
        )
        assert edit.status_code == 200
        for answer in answers:
            assert answer.status_code in (200, 201, 409), answer.text
            if answer.status_code == 201:
                made[answer.json()["id"]] = version
                assert answer.json()["title"] == ("water" if version == 1 else f"v{version}")
            if answer.status_code == 409:
                assert answer.json()["code"] == "stale_version"
        version += 1
    connection = await asyncpg.connect(tasks_url)
    rows = await connection.fetch("SELECT id::text, created_at, due_date FROM tasks")
    seq = await connection.fetchval("SELECT seq FROM user_seq")
    await connection.close()
    assert {row["id"] for row in rows} == set(made)
    assert seq == 1 + rounds + len(made)
    await eventually(lambda: len({event["seq"] for event in sidecar.events}) == seq)
    by_seq = sorted(sidecar.events, key=lambda event: event["seq"])
    present = 1
    for event in by_seq:
        # In the order of commits, an instance is of the version that was announced last.
        if "recurring-task" in event["type"]:
            present = event["data"]["version"]
        else:
            assert event["data"]["series_version"] == present
    template = (await client.get(path)).json()
    if rows:
        following = max(row["due_date"] for row in rows) + timedelta(days=1)
        assert datetime.fromisoformat(template["next_generation_time"]) == following
