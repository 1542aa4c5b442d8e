"""Reminders follow their tasks and fire once, whatever order events arrive in."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from recording_sidecar import RecordingSidecar
from running_app import eventually
from scheduler_events import (
    TRACE,
    completed,
    created,
    deleted,
    deliver,
    moved,
    now,
    published,
    reopened,
    rows,
    scheduler,
    tell,
    wire,
)

from todo_shared.events.envelope import decode
from todo_shared.events.payloads import ReminderCanceled, ReminderTriggered
from todo_shared.settings import ServiceSettings

HOUR = timedelta(hours=1)


@pytest.fixture
async def client(scheduler_url: str, settings: ServiceSettings) -> AsyncIterator[httpx.AsyncClient]:
    async with scheduler(scheduler_url, settings) as running:
        running.headers["x-user-id"] = "ann"
        yield running


async def _reminders(client: httpx.AsyncClient, task: str = "t") -> list[dict[str, Any]]:
    return (await client.get("/reminders", params={"task_id": task})).json()["items"]


async def test_a_reminder_fires_at_the_due_instant_with_its_event(
    client: httpx.AsyncClient, sidecar: RecordingSidecar
) -> None:
    due = now() + timedelta(seconds=4)
    await tell(client, created("t", due))
    assert [each["status"] for each in await _reminders(client)] == ["pending"]
    await eventually(lambda: published(sidecar, "reminder.triggered"))
    event = decode(published(sidecar, "reminder.triggered")[0], ReminderTriggered)
    assert (event.source, event.key, event.seq) == ("scheduler-service", "ann", 1)
    assert (event.traceparent, event.correlation_id) == (TRACE, "request-1")
    assert (event.data.task_id, event.data.title) == ("t", "title of t")
    assert (event.data.notification_channel, event.data.trigger_time) == ("email", due)
    assert timedelta(0) <= event.data.fired_at - due < timedelta(seconds=10)
    assert (await _reminders(client))[0]["status"] == "triggered"


async def test_a_reminder_that_is_overdue_when_stored_fires_at_once(
    client: httpx.AsyncClient, sidecar: RecordingSidecar
) -> None:
    await tell(client, created("t", now() - HOUR))
    await eventually(lambda: published(sidecar, "reminder.triggered"))


@pytest.mark.parametrize(
    ("ending", "reason"), [(completed, "task_completed"), (deleted, "task_deleted")]
)
async def test_the_end_of_a_task_cancels_its_reminders(
    client: httpx.AsyncClient, sidecar: RecordingSidecar, ending: Any, reason: str
) -> None:
    await tell(client, created("t", now() + HOUR))
    await tell(client, ending("t"), 2)
    assert [each["status"] for each in await _reminders(client)] == ["canceled"]
    await eventually(lambda: published(sidecar, "reminder.canceled"))
    event = decode(published(sidecar, "reminder.canceled")[0], ReminderCanceled)
    assert (event.data.reason, event.data.task_id, event.key) == (reason, "t", "ann")


@pytest.mark.parametrize("ending", [completed, deleted])
async def test_an_end_that_arrives_before_the_creation_leaves_no_reminder(
    client: httpx.AsyncClient, ending: Any
) -> None:
    await tell(client, ending("t"), 2)
    await tell(client, created("t", now() + HOUR), 1)
    await tell(client, moved("t", now() + 2 * HOUR), 3)
    assert await _reminders(client) == []


async def test_events_delivered_again_and_at_the_same_time_store_one_reminder(
    client: httpx.AsyncClient,
) -> None:
    first = wire(created("t", now() + HOUR), 1)
    second = wire(moved("t", now() + 2 * HOUR), 2)
    statuses = await asyncio.gather(
        *(deliver(client, first, "task.created") for _ in range(4)),
        *(deliver(client, second, "task.updated") for _ in range(4)),
    )
    assert set(statuses) == {"SUCCESS"}
    found = await _reminders(client)
    assert len(found) == 1
    assert datetime.fromisoformat(found[0]["trigger_time"]) > now() + 1.5 * HOUR


async def test_a_due_date_moves_pending_reminders_and_clearing_it_cancels_them(
    client: httpx.AsyncClient, sidecar: RecordingSidecar
) -> None:
    await tell(client, created("t", now() + HOUR))
    first = (await _reminders(client))[0]
    body = {"task_id": "t", "offset_minutes": 30}
    assert (await client.post("/reminders", json=body)).status_code == 201
    later = now() + 3 * HOUR
    await tell(client, moved("t", later), 2)
    found = await _reminders(client)
    times = [datetime.fromisoformat(each["trigger_time"]) for each in found]
    assert times == [later - HOUR / 2, later]
    assert first["id"] == found[1]["id"]
    await tell(client, moved("t", None), 3)
    assert {each["status"] for each in await _reminders(client)} == {"canceled"}
    await eventually(lambda: len(published(sidecar, "reminder.canceled")) == 2)
    reasons = {event["data"]["reason"] for event in published(sidecar, "reminder.canceled")}
    assert reasons == {"user_canceled"}


async def test_a_due_date_that_moves_into_reach_fires_then(
    client: httpx.AsyncClient, sidecar: RecordingSidecar
) -> None:
    await tell(client, created("t", now() + HOUR))
    await tell(client, moved("t", now() + timedelta(seconds=0.3)), 2)
    await eventually(lambda: published(sidecar, "reminder.triggered"))
    await tell(client, moved("t", now() + timedelta(seconds=0.2)), 3)
    await eventually(lambda: len(published(sidecar, "reminder.triggered")) == 2)
    assert len({e["data"]["reminder_id"] for e in published(sidecar, "reminder.triggered")}) == 2


async def test_a_due_date_that_moves_away_does_not_fire_now(
    client: httpx.AsyncClient, sidecar: RecordingSidecar
) -> None:
    await tell(client, created("t", now() + timedelta(seconds=3)))
    await tell(client, moved("t", now() + HOUR), 2)
    await asyncio.sleep(3.5)
    assert published(sidecar, "reminder.triggered") == []
    assert (await _reminders(client))[0]["status"] == "pending"


async def test_a_task_taken_up_again_has_its_reminder_again_unless_its_time_passed(
    client: httpx.AsyncClient,
) -> None:
    for task, due in (("soon", now() + HOUR), ("past", now() - HOUR)):
        await tell(client, completed(task), 2)
        await tell(client, created(task, due), 1)
        await tell(client, reopened(task), 3)
    assert [each["status"] for each in await _reminders(client, "soon")] == ["pending"]
    assert await _reminders(client, "past") == []


async def test_a_repeated_due_date_does_not_remind_again(
    client: httpx.AsyncClient, sidecar: RecordingSidecar
) -> None:
    due = now() + timedelta(seconds=0.2)
    await tell(client, created("t", due))
    await eventually(lambda: published(sidecar, "reminder.triggered"))
    await tell(client, moved("t", due), 2)
    assert len(await _reminders(client)) == 1


async def test_default_offsets_give_one_reminder_each(
    scheduler_url: str, settings: ServiceSettings
) -> None:
    own = {"reminder_offsets": (0, 60), "reminder_channel": "push"}
    async with scheduler(scheduler_url, settings, **own) as client:
        client.headers["x-user-id"] = "ann"
        due = now() + 2 * HOUR
        await tell(client, created("t", due))
        found = await _reminders(client)
    assert [(each["offset_minutes"], each["channel"]) for each in found] == [
        (60, "push"),
        (0, "push"),
    ]


async def test_many_reminders_of_one_user_keep_their_sequence(
    client: httpx.AsyncClient, sidecar: RecordingSidecar, scheduler_url: str
) -> None:
    due = now() + timedelta(seconds=1.5)
    for number in range(20):
        await tell(client, created(f"t{number}", due), number + 1)
    await eventually(lambda: len(published(sidecar, "reminder.triggered")) == 20)

    async def all_told() -> bool:
        return await rows(scheduler_url, "SELECT 1 FROM outbox") == []

    await eventually(all_told)
    sequence = [event["seq"] for event in published(sidecar, "reminder.triggered")]
    assert sequence == list(range(1, 21))


async def test_an_unreadable_event_is_dropped(client: httpx.AsyncClient) -> None:
    assert await deliver(client, {"id": "x"}, "task.created") == "DROP"


async def test_the_sweep_finds_what_no_notice_told(
    client: httpx.AsyncClient, scheduler_url: str, sidecar: RecordingSidecar
) -> None:
    await tell(client, created("t", now() + 5 * HOUR))
    await rows(
        scheduler_url,
        "UPDATE reminders SET trigger_time = clock_timestamp() + interval '400 milliseconds'",
    )
    assert (await client.options("/jobs/sweep")).status_code == 200
    assert (await client.post("/jobs/sweep")).status_code == 200
    await eventually(lambda: published(sidecar, "reminder.triggered"))
    text = (await client.get("/metrics")).text
    assert 'sweeps_total{cause="dapr-cron"}' in text
    assert 'reminder_lateness_seconds_bucket{le="0.5"}' in text
