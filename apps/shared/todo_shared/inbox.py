"""The inbox: an event has its effect once, however often it is delivered.

A consumer claims its events and makes their effect in one transaction. Of a repeated event the
claim finds the first delivery and the effect is not made again. Rows must outlive the retention of
the topic and the window in which dead letters are replayed.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Column, DateTime, Index, LargeBinary, MetaData, Table, Text, Uuid, func, text
from sqlalchemy.ext.asyncio import AsyncConnection

from todo_shared.events.envelope import D, ReceivedEvent


def inbox_table(metadata: MetaData) -> Table:
    """Declare `event_inbox` in the schema of a service."""
    return Table(
        "event_inbox",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("event_id", Uuid, primary_key=True),
        Column("topic", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column(
            "received_at",
            DateTime(timezone=True),
            nullable=False,
            server_default=func.clock_timestamp(),
        ),
        Column("completed_at", DateTime(timezone=True)),
        Index("event_inbox_by_age", "received_at"),
    )


# For a statement that makes its effect of the events it claims; `Inbox.values` binds the rest.
CLAIM: Final = """
    INSERT INTO event_inbox (consumer, event_id, topic, status, payload, completed_at)
    SELECT :inbox_consumer, event_id, :inbox_topic, 'completed', payload, clock_timestamp()
    FROM unnest(CAST(:inbox_events AS uuid[]), CAST(:inbox_payloads AS bytea[]))
        AS offered(event_id, payload)
    ON CONFLICT (consumer, event_id) DO NOTHING
    RETURNING event_id
"""
_CLAIM: Final = text(CLAIM)

# By place, in small pieces: a consumer never waits for it, and two replicas do not for each other.
_FORGET: Final = """
    DELETE FROM {table} WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM {table}
        WHERE received_at < clock_timestamp() - make_interval(secs => :kept_seconds)
          AND status = 'completed'
        LIMIT :batch FOR UPDATE SKIP LOCKED
    ))
"""


async def forget(
    connection: AsyncConnection, table: str, *, kept_seconds: float, batch: int
) -> int:
    """Delete up to `batch` handled rows that are older than `kept_seconds`; how many they were."""
    statement = text(_FORGET.format(table=table))
    result = await connection.execute(statement, {"kept_seconds": kept_seconds, "batch": batch})
    return result.rowcount


def once(events: Sequence[ReceivedEvent[D]]) -> list[ReceivedEvent[D]]:
    """The events in their order, each once."""
    unique: dict[UUID, ReceivedEvent[D]] = {}
    for event in events:
        unique.setdefault(event.id, event)
    return list(unique.values())


class Inbox:
    """What one consumer has already handled."""

    def __init__(self, consumer: str) -> None:
        self._consumer = consumer

    async def claim(
        self, connection: AsyncConnection, topic: str, events: Sequence[ReceivedEvent[D]]
    ) -> list[ReceivedEvent[D]]:
        """The events of `topic` that nobody handled before, each once, in the given order.

        Call it in the transaction that makes the effect.
        """
        unique = once(events)
        result = await connection.execute(_CLAIM, self.values(topic, unique))
        fresh = {UUID(str(row[0])) for row in result}
        return [event for event in unique if event.id in fresh]

    def values(self, topic: str, unique: Sequence[ReceivedEvent[D]]) -> dict[str, Any]:
        """What CLAIM binds for these events of `topic`."""
        # Sorted, so that two batches with common events lock them in the same order.
        ordered = sorted(unique, key=lambda event: event.id)
        return {
            "inbox_consumer": self._consumer,
            "inbox_topic": topic,
            "inbox_events": [event.id for event in ordered],
            "inbox_payloads": [to_json(event.data) for event in ordered],
        }
