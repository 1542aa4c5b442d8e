"""Events of all producers as the sidecar hands them on, and an analytics service to take them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
from running_app import running

from analytics.app import create_app
from analytics.models.counts import Measure
from analytics.settings import AnalyticsSettings
from todo_shared.events.envelope import StoredEvent, encode, new_event
from todo_shared.events.payloads import (
    EventData,
    RecurringTaskCreated,
    RecurringTaskState,
    RecurringTaskUpdated,
    ReminderCanceled,
    ReminderTriggered,
    TaskChanges,
    TaskCompleted,
    TaskCreated,
    TaskDeleted,
    TaskUpdated,
    UserAuthenticated,
    UserRegistered,
)
from todo_shared.ids import derived
from todo_shared.settings import DatabaseSettings, ServiceSettings

DAY = datetime(2030, 1, 1, 12, tzinfo=UTC)
TABLES = {
    "daily_counts": f"user_id, day, {', '.join(Measure)}",
    "tasks": "task_id, user_id, created_at, completed_at, completion_seq, deleted_at",
    "series": "series_id, user_id, version, active",
}


@dataclass(frozen=True)
class Sent:
    """An event with its topic and its wire format."""

    topic: str
    wire: dict[str, Any]


def sent(data: EventData, seq: int, time: datetime = DAY, cause: str = "") -> Sent:
    """An event; the same user, topic, sequence number and cause make the same event."""
    made = new_event(derived(type(data).__name__, data.user_id, str(seq), cause), data, time)
    stored = StoredEvent(1, made.id, made.topic, made.key, seq, made.time, made.data, "", "c")
    return Sent(made.topic, json.loads(encode(stored, "a-service")))


def created(task: str, user: str = "ann") -> TaskCreated:
    return TaskCreated(task_id=task, user_id=user, title=task)


def updated(task: str, user: str = "ann", at: datetime = DAY, **changed: Any) -> TaskUpdated:
    return TaskUpdated(
        task_id=task,
        user_id=user,
        changed=TaskChanges.model_validate(changed),
        changed_fields=sorted(changed),
        updated_at=at,
        version=2,
    )


def completed(task: str, user: str = "ann", at: datetime = DAY) -> TaskCompleted:
    return TaskCompleted(task_id=task, user_id=user, title=task, completed_at=at)


def deleted(task: str, user: str = "ann", at: datetime = DAY) -> TaskDeleted:
    return TaskDeleted(task_id=task, user_id=user, deleted_at=at)


def series(name: str, version: int, user: str = "ann", **state: bool) -> RecurringTaskState:
    payload = RecurringTaskCreated if version == 1 else RecurringTaskUpdated
    return payload(
        recurring_task_id=name,
        user_id=user,
        title=name,
        recurrence_rule="FREQ=DAILY",
        rule_kind="rrule",
        time_zone="UTC",
        starts_at="2030-01-01T09:00",
        gap_policy="shift_forward",
        overlap_policy="first",
        short_month_policy="skip",
        catch_up_policy="latest",
        lead_minutes=0,
        version=version,
        **({"active": True} | state),
    )


def triggered(reminder: str, user: str = "ann", at: datetime = DAY) -> ReminderTriggered:
    return ReminderTriggered(
        reminder_id=reminder,
        task_id="t",
        user_id=user,
        notification_channel="email",
        trigger_time=at,
        fired_at=at,
    )


def canceled(reminder: str, user: str = "ann") -> ReminderCanceled:
    return ReminderCanceled(
        reminder_id=reminder, task_id="t", user_id=user, reason="task_completed"
    )


def registered(user: str = "ann", at: datetime = DAY) -> UserRegistered:
    return UserRegistered(user_id=user, registered_at=at)


def logged_in(user: str = "ann", at: datetime = DAY) -> UserAuthenticated:
    return UserAuthenticated(user_id=user, authenticated_at=at)


def history() -> list[Sent]:
    """Something of everything: two users, two days, ten topics."""
    later = DAY + timedelta(days=1, seconds=30)
    told: list[tuple[EventData, datetime]] = [
        (registered(), DAY),
        (logged_in(), DAY),
        (created("one"), DAY),
        (updated("one", title="another"), DAY),
        (completed("one", at=DAY + timedelta(seconds=5)), DAY),
        (created("two"), DAY),
        (completed("two", at=later), later),
        (updated("two", at=later, status="pending"), later),
        (created("three"), later),
        (deleted("three", at=later), later),
        (series("daily", 1), DAY),
        (series("daily", 2), later),
        (series("weekly", 1), DAY),
        (series("weekly", 2, active=False), later),
        (triggered("r1", at=later), later),
        (canceled("r2"), later),
        (logged_in(at=later), later),
    ]
    mine = [sent(data, seq, time) for seq, (data, time) in enumerate(told, 1)]
    others = [registered("bob"), created("four", "bob"), completed("four", "bob", later)]
    return mine + [sent(data, seq) for seq, data in enumerate(others, 1)]


async def hand_on(client: httpx.AsyncClient, *events: Sent) -> None:
    """Deliver events of one topic in one bulk; they must be taken."""
    (topic,) = {event.topic for event in events}
    entries = [{"entryId": str(n), "event": event.wire} for n, event in enumerate(events)]
    answer = await client.post(f"/events/{topic.replace('.', '-')}", json={"entries": entries})
    assert {each["status"] for each in answer.json()["statuses"]} == {"SUCCESS"}


async def rows(url: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query, *values)]
    finally:
        await connection.close()


async def projected(url: str, schema: str | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """All projections, of the schema that is read unless another is named."""
    if schema is None:
        ((schema,),) = await rows(url, "SELECT active FROM projection_state")
    return {
        table: await rows(url, f"SELECT {columns} FROM {schema}.{table} ORDER BY 1, 2")
        for table, columns in TABLES.items()
    }


@asynccontextmanager
async def analytics(
    url: str, settings: ServiceSettings, **own: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a running replica, on whose requests nothing says who asks."""
    app = create_app(settings, DatabaseSettings(database_url=url), AnalyticsSettings(**own))
    async with running(app) as address, httpx.AsyncClient(base_url=address) as client:
        yield client
