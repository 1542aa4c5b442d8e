"""What the sidecar is told about each event."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from todo_shared import consumer as module
from todo_shared.consumer import EventConsumer, EventStatus
from todo_shared.events.envelope import ReceivedEvent, StoredEvent, encode, new_event
from todo_shared.events.payloads import TaskDeleted
from todo_shared.ids import uuid7

Events = Sequence[ReceivedEvent[TaskDeleted]]


def _wire(task: str) -> dict[str, Any]:
    data = TaskDeleted(task_id=task, user_id="ann", deleted_at=datetime.now(UTC))
    new = new_event(uuid7(), data, datetime.now(UTC))
    stored = StoredEvent(1, new.id, new.topic, new.key, 1, new.time, new.data, "", "c")
    return json.loads(encode(stored, "task-service"))


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(module, "_DOUBTS", (0.0, 0.0, 0.0))


async def test_a_passing_failure_is_repeated_here() -> None:
    attempts: list[int] = []

    async def effect(events: Events) -> int:
        attempts.append(len(events))
        if len(attempts) < 3:
            raise ConnectionError("blink")
        return len(events)

    assert await EventConsumer(TaskDeleted, effect).handle([_wire("a")]) == [EventStatus.SUCCESS]
    assert attempts == [1, 1, 1]


async def test_a_failure_that_stays_is_handed_back() -> None:
    async def effect(events: Events) -> int:
        raise ConnectionError("away")

    assert await EventConsumer(TaskDeleted, effect).handle([_wire("a")]) == [EventStatus.RETRY]


async def test_a_failure_that_does_not_pass_is_set_aside_after_four_attempts() -> None:
    attempts: list[int] = []

    async def effect(events: Events) -> int:
        attempts.append(1)
        raise ZeroDivisionError

    assert await EventConsumer(TaskDeleted, effect).handle([_wire("a")]) == [EventStatus.DROP]
    assert attempts == [1, 1, 1, 1]


async def test_while_the_database_is_away_nothing_of_a_batch_is_set_aside() -> None:
    attempts: list[int] = []

    async def effect(events: Events) -> int:
        attempts.append(len(events))
        raise ConnectionError("away")

    answer = await EventConsumer(TaskDeleted, effect).handle([_wire("a"), _wire("b")])
    assert answer == [EventStatus.RETRY, EventStatus.RETRY]
    # Not one by one as well: each of a hundred would wait for the database again.
    assert attempts == [2, 2, 2, 2]


async def test_of_a_batch_only_the_event_that_fails_is_set_aside() -> None:
    async def effect(events: Events) -> int:
        if any(event.data.task_id == "bad" for event in events):
            raise ZeroDivisionError
        return len(events)

    answer = await EventConsumer(TaskDeleted, effect).handle([_wire("a"), _wire("bad"), _wire("b")])
    assert answer == [EventStatus.SUCCESS, EventStatus.DROP, EventStatus.SUCCESS]


async def test_behind_an_event_that_must_wait_none_overtakes_it() -> None:
    handled: list[str] = []

    async def effect(events: Events) -> int:
        names = [event.data.task_id for event in events]
        if "bad" in names:
            raise ZeroDivisionError
        if names == ["early"]:
            raise ConnectionError("away")
        handled.extend(names)
        return len(events)

    answer = await EventConsumer(TaskDeleted, effect).handle(
        [_wire("first"), _wire("bad"), _wire("early"), _wire("late")]
    )
    drop, retry = EventStatus.DROP, EventStatus.RETRY
    assert answer == [EventStatus.SUCCESS, drop, retry, retry]
    assert handled == ["first"]


async def test_an_empty_call_has_no_statuses() -> None:
    async def effect(events: Events) -> int:
        raise AssertionError

    assert await EventConsumer(TaskDeleted, effect).handle([]) == []


async def test_what_the_sidecar_delivers_meanwhile_is_handled_together() -> None:
    batches: list[list[str]] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def effect(events: Events) -> int:
        batches.append([event.data.task_id for event in events])
        begun.set()
        await go_on.wait()
        return len(events)

    app = FastAPI()
    EventConsumer(TaskDeleted, effect).mount(app.router, "/events")
    async with AsyncClient(transport=ASGITransport(app), base_url="http://app") as sidecar:
        first = asyncio.create_task(sidecar.post("/events", json=_wire("a")))
        await begun.wait()
        others = [
            asyncio.create_task(sidecar.post("/events", json=body))
            for body in (_bulk("b", "unreadable"), _bulk("c"))
        ]
        for _ in range(1000):  # no thread and no socket: each step of both is one of these
            await asyncio.sleep(0)
        go_on.set()
        answers = [(await each).json() for each in (first, *others)]
    assert batches == [["a"], ["b", "c"]]
    assert answers == [
        {"status": "SUCCESS"},
        {"statuses": [_status("b", "SUCCESS"), _status("unreadable", "DROP")]},
        {"statuses": [_status("c", "SUCCESS")]},
    ]


def _bulk(*tasks: str) -> dict[str, Any]:
    return {
        "entries": [
            {"entryId": task, "event": {} if task == "unreadable" else _wire(task)}
            for task in tasks
        ]
    }


def _status(entry: str, status: str) -> dict[str, str]:
    return {"entryId": entry, "status": status}
