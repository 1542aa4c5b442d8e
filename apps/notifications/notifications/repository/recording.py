"""The effect of an event: a delivery that waits, or a reminder that will not be sent."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.models.delivery import MAX_ATTEMPTS, Delivery, Message
from notifications.models.recipient import Channel
from notifications.repository.rows import COLUMNS, delivery_of
from notifications.repository.signals import SIGNAL
from todo_shared.database import Database
from todo_shared.events.envelope import D, ReceivedEvent
from todo_shared.events.payloads import ReminderCanceled
from todo_shared.inbox import CLAIM, Inbox, once

# The counter's row is locked until the end of the transaction: numbers become visible in order.
_DELIVER: Final = text(f"""
    WITH claimed AS ({CLAIM}),
    given AS (
        SELECT given.* FROM claimed JOIN unnest(
            CAST(:event_ids AS uuid[]), CAST(:task_ids AS text[]), CAST(:user_ids AS text[]),
            CAST(:channels AS text[]), CAST(:subjects AS text[]), CAST(:bodies AS text[]),
            CAST(:seqs AS bigint[]), CAST(:trace_ids AS text[]),
            CAST(:event_times AS timestamptz[]), CAST(:traceparents AS text[]),
            CAST(:correlation_ids AS text[]), CAST(:reminder_ids AS text[])
        ) WITH ORDINALITY AS given(event_id, task_id, user_id, channel, subject, body, seq,
            trace_id, event_time, traceparent, correlation_id, reminder_id, place)
        USING (event_id)
    ),
    counted AS (
        INSERT INTO delivery_counters AS counter (user_id, last)
        SELECT user_id, count(*) FROM given GROUP BY user_id ORDER BY user_id
        ON CONFLICT (user_id) DO UPDATE SET last = counter.last + EXCLUDED.last
        RETURNING user_id, last
    ),
    recorded AS (
        INSERT INTO deliveries (event_id, task_id, user_id, channel, subject, body, seq, trace_id,
            event_time, traceparent, correlation_id, reminder_id, number, status, reason,
            attempt_limit)
        SELECT event_id, task_id, user_id, channel, subject, body, seq, trace_id,
            event_time, traceparent, correlation_id, reminder_id,
            last - count(*) OVER of_user + row_number() OVER (of_user ORDER BY place),
            CASE WHEN NOT channel = ANY(CAST(:known AS text[])) THEN 'skipped'
                 WHEN canceled_at IS NOT NULL THEN 'withdrawn' ELSE 'pending' END,
            CASE WHEN NOT channel = ANY(CAST(:known AS text[])) THEN 'there is no such channel'
                 WHEN canceled_at IS NOT NULL THEN 'the reminder was canceled' END,
            {MAX_ATTEMPTS}
        FROM given JOIN counted USING (user_id) LEFT JOIN canceled_reminders USING (reminder_id)
        WINDOW of_user AS (PARTITION BY user_id)
        ORDER BY place
        RETURNING channel, user_id
    ),
    signaled AS (SELECT {SIGNAL} FROM (SELECT DISTINCT channel, user_id FROM recorded) AS changed)
    SELECT (SELECT count(*) FROM claimed) AS fresh, (SELECT count(*) FROM signaled) AS signals
""")  # noqa: S608 - literals of this package
# Not one that is being sent: it may have gone out, and is looked at again before another attempt.
_WITHDRAW: Final = text("""
    WITH canceled AS (
        INSERT INTO canceled_reminders (reminder_id)
        SELECT DISTINCT reminder_id FROM unnest(CAST(:reminder_ids AS text[])) AS given(reminder_id)
        ORDER BY reminder_id
        ON CONFLICT DO NOTHING
    )
    UPDATE deliveries SET status = 'withdrawn', reason = 'the reminder was canceled'
    WHERE id IN (
        SELECT id FROM deliveries
        WHERE reminder_id = ANY(CAST(:reminder_ids AS text[])) AND status = 'pending'
        ORDER BY id FOR UPDATE
    )
""")
_OF_EVENT: Final = text(f"""
    SELECT {COLUMNS} FROM deliveries WHERE event_id = :event_id AND user_id = :user_id
    ORDER BY id LIMIT 1
""")  # noqa: S608 - a literal of this package


class EventEffects(Protocol):
    """What events lead to. Each method claims its events and makes the effect in one transaction,
    and returns how many events were not seen before.
    """

    async def deliver_once(
        self, events: Sequence[ReceivedEvent[D]], compose: Callable[[ReceivedEvent[D]], Message]
    ) -> int:
        """Record a delivery for each event."""
        ...

    async def withdraw_once(self, events: Sequence[ReceivedEvent[ReminderCanceled]]) -> int:
        """Withdraw what waits for these reminders, and what may still come for them."""
        ...


class PostgresEventEffects:
    """EventEffects over a Database."""

    def __init__(self, database: Database, consumer: str) -> None:
        self._database = database
        self._inbox = Inbox(consumer)

    async def deliver_once(
        self, events: Sequence[ReceivedEvent[D]], compose: Callable[[ReceivedEvent[D]], Message]
    ) -> int:
        """See EventEffects."""
        unique = once(events)
        values = self._inbox.values(unique[0].topic, unique)
        values |= _values([compose(event) for event in unique])
        async with self._database.connect() as connection:
            return (await connection.execute(_DELIVER, values)).one().fresh

    async def withdraw_once(self, events: Sequence[ReceivedEvent[ReminderCanceled]]) -> int:
        """See EventEffects."""
        async with self._database.transaction() as connection:
            fresh = await self._inbox.claim(connection, events[0].topic, events)
            if fresh:
                reminders = [event.data.reminder_id for event in fresh]
                await connection.execute(_WITHDRAW, {"reminder_ids": reminders})
        return len(fresh)

    async def of_event(self, event_id: UUID, user_id: str) -> Delivery | None:
        """The delivery that an event led to."""

        async def work(connection: AsyncConnection) -> Delivery | None:
            values = {"event_id": event_id, "user_id": user_id}
            row = (await connection.execute(_OF_EVENT, values)).first()
            return None if row is None else delivery_of(row)

        return await self._database.run(work)


def _values(messages: Sequence[Message]) -> dict[str, Any]:
    return {
        "known": [channel.value for channel in Channel],
        "event_ids": [message.event_id for message in messages],
        "task_ids": [message.task_id for message in messages],
        "user_ids": [message.user_id for message in messages],
        "channels": [message.channel for message in messages],
        "subjects": [message.subject for message in messages],
        "bodies": [message.body for message in messages],
        "seqs": [message.seq for message in messages],
        "trace_ids": [message.trace_id for message in messages],
        "event_times": [message.event_time for message in messages],
        "traceparents": [message.traceparent for message in messages],
        "correlation_ids": [message.correlation_id for message in messages],
        "reminder_ids": [message.reminder_id for message in messages],
    }
