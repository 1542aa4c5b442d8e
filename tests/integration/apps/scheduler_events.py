"""Events as the sidecar hands them to the scheduler, and a scheduler to hand them to."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from recording_sidecar import RecordingSidecar
from running_app import running

from scheduler.app import create_app
from scheduler.settings import SchedulerSettings
from todo_shared.events.envelope import StoredEvent, encode, new_event
from todo_shared.events.payloads import (
    TOPIC_OF,
    EventData,
    RecurringTaskUpdated,
    TaskChanges,
    TaskCompleted,
    TaskCreated,
    TaskDeleted,
    TaskUpdated,
)
from todo_shared.ids import uuid7
from todo_shared.settings import DatabaseSettings, ServiceSettings

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def now() -> datetime:
    """The present."""
    return datetime.now(UTC)


def wire(
    data: EventData, seq: int = 1, event_id: UUID | None = None, time: datetime | None = None
) -> dict[str, Any]:
    """A CloudEvent of task-service."""
    new = new_event(event_id or uuid7(), data, time or now())
    stored = StoredEvent(1, new.id, new.topic, new.key, seq, new.time, new.data, TRACE, "request-1")
    return json.loads(encode(stored, "task-service"))


def created(task_id: str, due: datetime | None, user: str = "ann") -> TaskCreated:
    """A new task."""
    return TaskCreated(task_id=task_id, user_id=user, title=f"title of {task_id}", due_date=due)


def moved(task_id: str, due: datetime | None, user: str = "ann") -> TaskUpdated:
    """A task with another due date."""
    return TaskUpdated(
        task_id=task_id,
        user_id=user,
        changed=TaskChanges(due_date=due),
        changed_fields=["due_date"],
        updated_at=now(),
        version=2,
    )


def reopened(task_id: str, user: str = "ann") -> TaskUpdated:
    """A completed task that is taken up again."""
    return TaskUpdated(
        task_id=task_id,
        user_id=user,
        changed=TaskChanges(status="pending"),
        changed_fields=["status"],
        updated_at=now(),
        version=3,
    )


def completed(task_id: str, user: str = "ann") -> TaskCompleted:
    """A task that is done."""
    return TaskCompleted(task_id=task_id, user_id=user, title="t", completed_at=now())


def deleted(task_id: str, user: str = "ann") -> TaskDeleted:
    """A task that is gone."""
    return TaskDeleted(task_id=task_id, user_id=user, deleted_at=now())


def template(**values: Any) -> RecurringTaskUpdated:
    """A recurring task, every day at 9 in Berlin unless `values` say otherwise."""
    state: dict[str, Any] = {
        "user_id": "ann",
        "recurring_task_id": "series-1",
        "title": "water the plants",
        "recurrence_rule": "0 9 * * *",
        "rule_kind": "cron",
        "time_zone": "Europe/Berlin",
        "starts_at": "2026-01-01T00:00",
        "gap_policy": "shift_forward",
        "overlap_policy": "first",
        "short_month_policy": "skip",
        "catch_up_policy": "all",
        "lead_minutes": 0,
        "next_generation_time": now(),
        "active": True,
        "version": 1,
    }
    return RecurringTaskUpdated(**(state | values))


async def deliver(client: httpx.AsyncClient, event: dict[str, Any], topic: str) -> str:
    """Hand one event over; returns what the sidecar is told."""
    answer = await client.post(f"/events/{topic.replace('.', '-')}", json=event)
    assert answer.status_code == 200, answer.text
    return answer.json()["status"]


async def tell(client: httpx.AsyncClient, data: EventData, seq: int = 1, **about: Any) -> None:
    """Hand over a new event with this data."""
    assert await deliver(client, wire(data, seq, **about), TOPIC_OF[type(data)]) == "SUCCESS"


def published(sidecar: RecordingSidecar, topic: str) -> list[dict[str, Any]]:
    """The events of one topic that reached the broker."""
    return [event for event in sidecar.events if event["type"] == f"com.todo.{topic}.v1"]


async def rows(url: str, query: str, *values: object) -> list[asyncpg.Record]:
    """The rows of a query."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(query, *values)
    finally:
        await connection.close()


@asynccontextmanager
async def scheduler(
    url: str, settings: ServiceSettings, **own: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a running replica."""
    app = create_app(settings, DatabaseSettings(database_url=url), SchedulerSettings(**own))
    async with running(app) as address, httpx.AsyncClient(base_url=address) as client:
        yield client
