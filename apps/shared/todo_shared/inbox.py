"""The inbox: an event has its effect once, however often it is delivered.

A consumer claims its events and makes their effect in one transaction. Of a repeated event the
claim finds the first delivery and the effect is not made again. Rows must outlive the retention of
the topic and the window in which dead letters are replayed.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
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


_CLAIM: Final = text("""
    INSERT INTO event_inbox (consumer, event_id, topic, status, payload, completed_at)
    SELECT :consumer, event_id, :topic, :status, payload, CAST(:completed_at AS timestamptz)
    FROM unnest(CAST(:event_ids AS uuid[]), CAST(:payloads AS bytea[])) AS given(event_id, payload)
    ON CONFLICT (consumer, event_id) DO NOTHING
    RETURNING event_id
""")
_COMPLETE: Final = text("""
    UPDATE event_inbox SET status = 'completed', completed_at = clock_timestamp()
    WHERE consumer = :consumer AND event_id = :event_id AND status = 'pending'
""")

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


class Inbox:
    """What one consumer has already handled."""

    def __init__(self, consumer: str) -> None:
        self._consumer = consumer

    async def claim(
        self,
        connection: AsyncConnection,
        topic: str,
        events: Sequence[ReceivedEvent[D]],
        *,
        completed: bool = True,
    ) -> list[ReceivedEvent[D]]:
        """The events of `topic` that nobody handled before, each once, in the given order.

        Call it in the transaction that makes the effect. With `completed=False` the rows stay
        `pending` until `complete`, for effects that happen after the commit.
        """
        # Sorted, so that two batches with common events lock them in the same order.
        unique: dict[UUID, ReceivedEvent[D]] = {}
        for event in events:
            unique.setdefault(event.id, event)
        ordered = sorted(unique.values(), key=lambda event: event.id)
        values: dict[str, Any] = {
            "consumer": self._consumer,
            "topic": topic,
            "status": "completed" if completed else "pending",
            "completed_at": datetime.now(UTC) if completed else None,
            "event_ids": [event.id for event in ordered],
            "payloads": [to_json(event.data) for event in ordered],
        }
        result = await connection.execute(_CLAIM, values)
        fresh = {UUID(str(row[0])) for row in result}
        return [event for event in unique.values() if event.id in fresh]

    async def complete(self, connection: AsyncConnection, event_id: UUID) -> None:
        """Mark a pending event as handled."""
        await connection.execute(_COMPLETE, {"consumer": self._consumer, "event_id": event_id})
