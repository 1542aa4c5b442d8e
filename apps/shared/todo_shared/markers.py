"""Markers of handled events in the state store, for consumers that have no database of their own.

The marker is written in the same transaction as the effect, and only if it is new: of two
deliveries at once, one has its effect. A consumer with a database uses the inbox.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from pydantic_core import to_json

from todo_shared.dapr.state import (
    ABSENT,
    Delete,
    StateConflictError,
    StateStore,
    Upsert,
    state_key,
)
from todo_shared.events.envelope import D, ReceivedEvent

# Longer than an event can lie in its topic and then among the dead letters: seven days each.
KEPT_SECONDS: Final = 15 * 86_400

Changes = Callable[[ReceivedEvent[D]], Awaitable[Sequence[Upsert | Delete]]]


class ProcessedMarkers:
    """What one consumer has handled, under `event:{consumer}:{event_id}`."""

    def __init__(self, store: StateStore, consumer: str) -> None:
        self._store = store
        self._consumer = consumer

    async def once(self, event: ReceivedEvent[D], changes: Changes[D]) -> bool:
        """Make the changes that `event` asks for, unless it was handled; whether they were made.

        Raises StateConflictError when something else changed what `changes` had read.
        """
        key = state_key("event", self._consumer, str(event.id))
        if await self._store.get(key) is not None:
            return False
        wanted = await changes(event)
        try:
            await self._store.transact([*wanted, self._marker(key, event)])
        except StateConflictError:
            if await self._store.get(key) is None:
                raise
            return False
        return True

    def _marker(self, key: str, event: ReceivedEvent[D]) -> Upsert:
        told = {
            "processed_at": datetime.now(UTC),
            "task_id": getattr(event.data, "task_id", None),
        }
        return Upsert(key, to_json(told), ABSENT, KEPT_SECONDS)
