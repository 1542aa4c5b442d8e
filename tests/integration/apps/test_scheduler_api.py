"""Users set, read and cancel reminders of their own tasks, and of nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from recording_sidecar import RecordingSidecar
from running_app import eventually
from scheduler_events import completed, created, deleted, moved, now, published, scheduler, tell
from template_server import TemplateServer

from todo_shared.settings import ServiceSettings

HOUR = timedelta(hours=1)
ANN = {"x-user-id": "ann"}
BOB = {"x-user-id": "bob"}


@pytest.fixture
async def task_service(sidecar: RecordingSidecar) -> AsyncIterator[TemplateServer]:
    async with TemplateServer() as server:
        sidecar.apps["task-service"] = server.url
        yield server


@pytest.fixture
async def client(
    scheduler_url: str, settings: ServiceSettings, task_service: TemplateServer
) -> AsyncIterator[httpx.AsyncClient]:
    async with scheduler(scheduler_url, settings) as running:
        running.headers.update(ANN)
        yield running


def _body(**values: Any) -> dict[str, Any]:
    return {"task_id": "t", "remind_at": (now() + HOUR).isoformat()} | values


def _task(status: str = "pending", due: datetime | None = None, user: str = "ann") -> Any:
    return {
        "id": "t",
        "user_id": user,
        "title": "milk",
        "status": status,
        "due_date": due.isoformat() if due else None,
        "version": 1,
        "something_new": True,
    }


async def test_a_reminder_is_set_read_and_canceled(
    client: httpx.AsyncClient, sidecar: RecordingSidecar
) -> None:
    await tell(client, created("t", None))
    made = await client.post("/reminders", json=_body(channel="sms"))
    assert made.status_code == 201
    reminder = made.json()
    assert (reminder["status"], reminder["channel"]) == ("pending", "sms")
    assert (await client.get(f"/reminders/{reminder['id']}")).json() | {"created_at": 0} == (
        reminder | {"created_at": 0}
    )
    for _ in range(2):
        assert (await client.delete(f"/reminders/{reminder['id']}")).status_code == 204
    gone = (await client.get(f"/reminders/{reminder['id']}")).json()
    assert gone["status"] == "canceled"
    await eventually(lambda: published(sidecar, "reminder.canceled"))
    await asyncio.sleep(0.2)
    (event,) = published(sidecar, "reminder.canceled")
    assert event["data"] == {
        "user_id": "ann",
        "task_id": "t",
        "reminder_id": reminder["id"],
        "reason": "user_canceled",
    }


async def test_a_reminder_at_a_time_of_its_own_stays_when_the_due_date_goes(
    client: httpx.AsyncClient,
) -> None:
    await tell(client, created("t", now() + HOUR))
    await client.post("/reminders", json=_body())
    await tell(client, moved("t", None), 2)
    found = (await client.get("/reminders", params={"task_id": "t"})).json()["items"]
    assert {each["offset_minutes"]: each["status"] for each in found} == {
        0: "canceled",
        None: "pending",
    }


async def test_a_reminder_set_for_soon_fires_then(
    client: httpx.AsyncClient, sidecar: RecordingSidecar
) -> None:
    await tell(client, created("t", None))
    soon = (now() + timedelta(seconds=0.7)).isoformat()
    made = (await client.post("/reminders", json=_body(remind_at=soon))).json()
    await eventually(lambda: published(sidecar, "reminder.triggered"))
    refused = await client.delete(f"/reminders/{made['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


async def test_other_users_see_and_touch_nothing(
    client: httpx.AsyncClient, task_service: TemplateServer
) -> None:
    await tell(client, created("t", now() + HOUR))
    made = (await client.post("/reminders", json=_body())).json()["id"]
    answers = [
        await client.get(f"/reminders/{made}", headers=BOB),
        await client.delete(f"/reminders/{made}", headers=BOB),
        await client.get("/reminders/no-such-id", headers=BOB),
        await client.post("/reminders", json=_body(), headers=BOB),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    listed = await client.get("/reminders", params={"task_id": "t"}, headers=BOB)
    assert listed.json() == {"items": [], "next": None}
    assert (await client.get(f"/reminders/{made}")).json()["status"] == "pending"


async def test_a_task_that_no_event_told_is_looked_up(
    client: httpx.AsyncClient, task_service: TemplateServer
) -> None:
    due = now() + 3 * HOUR
    task_service.tasks["ann", "t"] = _task(due=due)
    made = await client.post("/reminders", json={"task_id": "t", "offset_minutes": 60})
    assert made.status_code == 201
    assert datetime.fromisoformat(made.json()["trigger_time"]) == due - HOUR
    # The event arrives afterwards and brings the default reminder.
    await tell(client, created("t", due))
    found = (await client.get("/reminders", params={"task_id": "t"})).json()["items"]
    assert [each["offset_minutes"] for each in found] == [60, 0]


async def test_a_task_that_is_done_or_gone_gets_no_reminder(
    client: httpx.AsyncClient, task_service: TemplateServer
) -> None:
    task_service.tasks["ann", "x"] = _task("completed") | {"id": "x"}
    await tell(client, created("done", None))
    await tell(client, completed("done"), 2)
    await tell(client, created("gone", None))
    await tell(client, deleted("gone"), 2)
    statuses = [
        (await client.post("/reminders", json=_body(task_id=task))).status_code
        for task in ("x", "done", "gone", "unknown")
    ]
    assert statuses == [409, 409, 404, 404]


async def test_an_offset_needs_a_due_date(client: httpx.AsyncClient) -> None:
    await tell(client, created("t", None))
    answer = await client.post("/reminders", json={"task_id": "t", "offset_minutes": 5})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


@pytest.mark.parametrize(
    "body",
    [
        {"task_id": "t"},
        {"task_id": "t", "remind_at": "2030-01-01T00:00:00Z", "offset_minutes": 1},
        {"task_id": "t", "remind_at": "2030-01-01T00:00:00"},
        {"task_id": "t", "offset_minutes": -1},
        {"task_id": "t", "offset_minutes": 1, "channel": "pigeon"},
        {"task_id": "../x", "offset_minutes": 1},
        {"task_id": "t", "offset_minutes": 1, "user_id": "bob"},
    ],
)
async def test_a_body_that_means_nothing_is_refused(
    client: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    assert (await client.post("/reminders", json=body)).status_code == 422


async def test_the_same_key_gives_the_same_reminder(client: httpx.AsyncClient) -> None:
    await tell(client, created("t", None))
    body, key = _body(), {"Idempotency-Key": "k"}
    answers = await asyncio.gather(
        *(client.post("/reminders", json=body, headers=key) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = await client.post("/reminders", json=_body(channel="sms"), headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "invalid")


async def test_while_task_service_is_away_the_answer_is_503(
    client: httpx.AsyncClient, sidecar: RecordingSidecar
) -> None:
    sidecar.unreachable_invokes = 9
    assert (await client.post("/reminders", json=_body())).status_code == 503


async def test_pages_show_every_reminder_once_the_earliest_first(
    client: httpx.AsyncClient,
) -> None:
    await tell(client, created("t", None))
    times = [(now() + number * HOUR).isoformat() for number in (3, 1, 2, 5, 4)]
    for moment in times:
        await client.post("/reminders", json=_body(remind_at=moment))
    seen: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        page = (await client.get("/reminders", params=query)).json()
        seen += [each["trigger_time"] for each in page["items"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert [datetime.fromisoformat(each) for each in seen] == sorted(
        datetime.fromisoformat(each) for each in times
    )
    for odd in (
        "%%%",
        "MjAyNi0wMS0wMXwx",
        "MjAyNi0wMS0wMVQwMDowMDowMHwwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDA",
    ):
        assert (await client.get("/reminders", params={"after": odd})).status_code == 422
