"""Handled once by marker: a real sidecar, a real state store, deliveries at the same time."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from postgres import PostgresServer
from state_store import STORE, state_sidecar

from todo_shared.dapr import DaprStateService, SidecarError, StateConflictError, Upsert
from todo_shared.events.envelope import ReceivedEvent
from todo_shared.events.payloads import TaskDeleted, UserAuthenticated
from todo_shared.ids import uuid7
from todo_shared.markers import ProcessedMarkers

# The first use on a machine may have to build the sidecar.
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture
async def state(postgres: PostgresServer, tmp_path: Path) -> AsyncIterator[DaprStateService]:
    """The state service of a fresh database."""
    name = f"markers_{tmp_path.name.replace('-', '_')}"[:60].lower()
    await postgres.execute(f"CREATE DATABASE {name}")
    async with state_sidecar(tmp_path, postgres.url(name)) as (sidecar, _):
        yield DaprStateService(sidecar, STORE, 20)


def deleted() -> ReceivedEvent[TaskDeleted]:
    """An event as a consumer gets it."""
    now = datetime.now(UTC)
    data = TaskDeleted(task_id="t-1", user_id="ann", deleted_at=now)
    return ReceivedEvent(uuid7(), "task.deleted", "task-service", "ann", 1, now, "", "", data)


class Counter:
    """Counts in the state store how many events it has seen."""

    def __init__(self, state: DaprStateService) -> None:
        self._state = state

    async def count(self, _: ReceivedEvent[TaskDeleted]) -> Sequence[Upsert]:
        """One more than there were, over the version that was read."""
        found = await self._state.get("counter")
        seen = json.loads(found.value) if found else 0
        return [Upsert("counter", str(seen + 1).encode(), found.etag if found else "")]

    async def total(self) -> int:
        """How many there were."""
        found = await self._state.get("counter")
        return json.loads(found.value) if found else 0


async def test_an_event_that_comes_twice_has_one_effect(state: DaprStateService) -> None:
    counter, markers = Counter(state), ProcessedMarkers(state, "report-builder")
    event = deleted()
    assert await markers.once(event, counter.count) is True
    assert await markers.once(event, counter.count) is False
    assert await markers.once(deleted(), counter.count) is True
    assert await counter.total() == 2
    marker = await state.get(f"event:report-builder:{event.id}")
    assert marker is not None
    told = json.loads(marker.value)
    assert told["task_id"] == "t-1"
    assert datetime.fromisoformat(told["processed_at"]) <= datetime.now(UTC)


async def test_another_consumer_handles_it_for_itself(state: DaprStateService) -> None:
    counter, event = Counter(state), deleted()
    for consumer in ("one", "two"):
        assert await ProcessedMarkers(state, consumer).once(event, counter.count) is True
    assert await counter.total() == 2


async def test_of_deliveries_at_the_same_time_one_has_its_effect(state: DaprStateService) -> None:
    counter, markers = Counter(state), ProcessedMarkers(state, "report-builder")
    event = deleted()

    async def deliver() -> None:
        """As often as the sidecar does: a call without an answer may have arrived."""
        for _ in range(30):
            try:
                await markers.once(event, counter.count)
            except SidecarError:
                await asyncio.sleep(0.1)
            else:
                return
        raise AssertionError("it was never handled")

    await asyncio.gather(*(deliver() for _ in range(12)))
    assert await counter.total() == 1


async def test_a_conflict_of_the_effect_is_no_duplicate(state: DaprStateService) -> None:
    markers, event = ProcessedMarkers(state, "report-builder"), deleted()
    await state.save("taken", b"1")

    async def stale(_: ReceivedEvent[TaskDeleted]) -> Sequence[Upsert]:
        return [Upsert("taken", b"2", "")]

    with pytest.raises(StateConflictError):
        await markers.once(event, stale)
    assert await state.get(f"event:report-builder:{event.id}") is None


async def test_an_event_of_no_task_is_marked_too(state: DaprStateService) -> None:
    now = datetime.now(UTC)
    data = UserAuthenticated(user_id="ann", authenticated_at=now)
    event = ReceivedEvent(uuid7(), "user.authenticated", "api-gateway", "ann", 1, now, "", "", data)

    async def nothing(_: ReceivedEvent[UserAuthenticated]) -> Sequence[Upsert]:
        return []

    assert await ProcessedMarkers(state, "audit").once(event, nothing) is True
    marker = await state.get(f"event:audit:{event.id}")
    assert marker is not None
    assert json.loads(marker.value)["task_id"] is None
