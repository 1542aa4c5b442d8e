"""What the sidecar is told about each event."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

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


async def test_a_bug_is_handed_back_without_repeats() -> None:
    attempts: list[int] = []

    async def effect(events: Events) -> int:
        attempts.append(1)
        raise ZeroDivisionError

    assert await EventConsumer(TaskDeleted, effect).handle([_wire("a")]) == [EventStatus.RETRY]
    assert attempts == [1]


async def test_an_empty_call_has_no_statuses() -> None:
    async def effect(events: Events) -> int:
        raise AssertionError

    assert await EventConsumer(TaskDeleted, effect).handle([]) == []
