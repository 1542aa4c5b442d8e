"""Deliveries in PostgreSQL. The only module of the service that speaks SQL."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.models.delivery import Delivery, Message
from notifications.senders.sink import Outcome
from todo_shared.database import Database
from todo_shared.events.envelope import ReceivedEvent
from todo_shared.events.payloads import TaskCreated
from todo_shared.inbox import Inbox
from todo_shared.models import DeliveryStatus

_COLUMNS: Final = (
    "id, event_id, task_id, user_id, channel, subject, body, status, seq, trace_id, event_time, "
    "created_at, sent_at"
)
_RECORD: Final = text("""
    INSERT INTO deliveries (event_id, task_id, user_id, channel, subject, body, status, seq,
                            trace_id, event_time, sent_at)
    SELECT event_id, task_id, user_id, :channel, subject, body, :status, seq,
           trace_id, event_time, CAST(:sent_at AS timestamptz)
    FROM unnest(
        CAST(:event_ids AS uuid[]), CAST(:task_ids AS text[]), CAST(:user_ids AS text[]),
        CAST(:subjects AS text[]), CAST(:bodies AS text[]), CAST(:seqs AS bigint[]),
        CAST(:trace_ids AS text[]), CAST(:event_times AS timestamptz[])
    ) AS given(event_id, task_id, user_id, subject, body, seq, trace_id, event_time)
""")
_OF_USER: Final = text(f"""
    SELECT {_COLUMNS} FROM deliveries
    WHERE user_id = :user_id AND id > :after
      AND (CAST(:task_id AS text) IS NULL OR task_id = :task_id)
    ORDER BY id LIMIT :limit
""")  # noqa: S608 - a literal of this module
_ALL: Final = text(f"""
    SELECT {_COLUMNS} FROM deliveries
    WHERE id > :after
      AND (cardinality(CAST(:task_ids AS text[])) = 0
           OR task_id = ANY(CAST(:task_ids AS text[])))
    ORDER BY id LIMIT :limit
""")  # noqa: S608 - a literal of this module

Compose = Callable[[ReceivedEvent[TaskCreated]], Message]


class DeliveryRepository(Protocol):
    """What the service needs of its storage."""

    async def deliver_once(
        self, events: Sequence[ReceivedEvent[TaskCreated]], compose: Compose, outcome: Outcome
    ) -> int:
        """Record a delivery for each event not seen before; returns how many those were."""
        ...

    async def of_user(
        self, user_id: str, task_id: str | None, after: int, limit: int
    ) -> list[Delivery]:
        """Deliveries to one user, oldest first."""
        ...

    async def all(self, task_ids: Sequence[str], after: int, limit: int) -> list[Delivery]:
        """Deliveries of all users, oldest first; of the given tasks only, if any are given."""
        ...


class PostgresDeliveryRepository:
    """DeliveryRepository over a Database."""

    def __init__(self, database: Database, consumer: str) -> None:
        self._database = database
        self._inbox = Inbox(consumer)

    async def deliver_once(
        self, events: Sequence[ReceivedEvent[TaskCreated]], compose: Compose, outcome: Outcome
    ) -> int:
        """See DeliveryRepository. Claim and effect are one transaction."""
        async with self._database.transaction() as connection:
            fresh = await self._inbox.claim(connection, events[0].topic, events)
            if fresh:
                await _record(connection, [compose(event) for event in fresh], outcome)
        return len(fresh)

    async def of_user(
        self, user_id: str, task_id: str | None, after: int, limit: int
    ) -> list[Delivery]:
        """See DeliveryRepository."""
        values = {"user_id": user_id, "task_id": task_id, "after": after, "limit": limit}

        async def work(connection: AsyncConnection) -> list[Delivery]:
            return [_delivery(row) for row in await connection.execute(_OF_USER, values)]

        return await self._database.run(work)

    async def all(self, task_ids: Sequence[str], after: int, limit: int) -> list[Delivery]:
        """See DeliveryRepository."""
        values: dict[str, Any] = {"task_ids": list(task_ids), "after": after, "limit": limit}

        async def work(connection: AsyncConnection) -> list[Delivery]:
            return [_delivery(row) for row in await connection.execute(_ALL, values)]

        return await self._database.run(work)


async def _record(
    connection: AsyncConnection, messages: Sequence[Message], outcome: Outcome
) -> None:
    values: dict[str, Any] = {
        "channel": outcome.channel,
        "status": outcome.status.value,
        "sent_at": datetime.now(UTC) if outcome.status is DeliveryStatus.SENT else None,
        "event_ids": [message.event_id for message in messages],
        "task_ids": [message.task_id for message in messages],
        "user_ids": [message.user_id for message in messages],
        "subjects": [message.subject for message in messages],
        "bodies": [message.body for message in messages],
        "seqs": [message.seq for message in messages],
        "trace_ids": [message.trace_id for message in messages],
        "event_times": [message.event_time for message in messages],
    }
    await connection.execute(_RECORD, values)


def _delivery(row: Row[Any]) -> Delivery:
    message = Message(
        event_id=UUID(str(row.event_id)),
        task_id=row.task_id,
        user_id=row.user_id,
        subject=row.subject,
        body=row.body,
        seq=row.seq,
        trace_id=row.trace_id,
        event_time=row.event_time,
    )
    return Delivery(
        id=row.id,
        message=message,
        channel=row.channel,
        status=DeliveryStatus(row.status),
        created_at=row.created_at,
        sent_at=row.sent_at,
    )
