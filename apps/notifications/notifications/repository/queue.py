"""The queue of what waits to be sent, shared by all replicas.

A row is taken for the length of a lease. Deliveries of one user on one channel form a line: only
its head can be taken, and with it those right behind it, so that nobody else can overtake. A
delivery that failed once leaves the line and is tried again by itself: it must not hold the others
up for minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.models.attempt import Attempt, Outcome, Settlement
from notifications.models.recipient import Channel, Recipient
from notifications.repository.rows import message_of
from todo_shared.database import Database

# So many deliveries of one line are taken at once.
LINE: Final = 20
_TOMBSTONE_DAYS: Final = 30

# The condition is read again once a row is locked, so a row that was taken meanwhile is left out.
_TAKE: Final = text(f"""
    WITH heads AS (
        SELECT id, user_id, channel, attempts FROM deliveries AS head
        WHERE channel = :channel AND status IN ('pending', 'sending')
          AND next_attempt_at <= clock_timestamp()
          AND NOT EXISTS (
              SELECT 1 FROM deliveries AS earlier
              WHERE earlier.user_id = head.user_id AND earlier.channel = head.channel
                AND earlier.id < head.id AND earlier.status IN ('pending', 'sending')
                AND (earlier.status = 'sending' OR earlier.attempts = 0)
          )
        ORDER BY next_attempt_at LIMIT :lines
        FOR UPDATE SKIP LOCKED
    ),
    followers AS (
        SELECT behind.id FROM heads CROSS JOIN LATERAL (
            SELECT id FROM deliveries
            WHERE user_id = heads.user_id AND channel = heads.channel AND id > heads.id
              AND status = 'pending' AND attempts = 0
            ORDER BY id LIMIT {LINE - 1}
        ) AS behind
        WHERE heads.attempts = 0
    ),
    wanted AS (
        SELECT id, TRUE AS is_head FROM heads UNION ALL SELECT id, FALSE FROM followers
    ),
    taken AS (
        UPDATE deliveries AS delivery SET status = 'sending', attempts = attempts + 1,
            next_attempt_at = clock_timestamp() + make_interval(secs => :lease_seconds)
        FROM wanted
        WHERE delivery.id = wanted.id
          AND (is_head OR (delivery.status = 'pending' AND delivery.attempts = 0))
        RETURNING delivery.*
    )
    SELECT taken.*, address, enabled,
           canceled_reminders.reminder_id IS NOT NULL AS canceled
    FROM taken
    LEFT JOIN recipients USING (user_id, channel)
    LEFT JOIN canceled_reminders ON canceled_reminders.reminder_id = taken.reminder_id
    ORDER BY taken.id
""")  # noqa: S608 - a literal of this module
# `attempts` guards the lease: when somebody else took the row meanwhile, nothing is changed.
_SETTLE: Final = text("""
    UPDATE deliveries AS delivery
    SET status = given.status, reason = given.reason,
        sent_at = CASE WHEN given.status = 'sent' THEN clock_timestamp() END,
        attempts = delivery.attempts - CASE WHEN given.released THEN 1 ELSE 0 END,
        next_attempt_at = clock_timestamp() + make_interval(secs => given.pause)
    FROM unnest(
        CAST(:ids AS bigint[]), CAST(:attempts AS integer[]), CAST(:statuses AS text[]),
        CAST(:reasons AS text[]), CAST(:pauses AS double precision[]), CAST(:released AS boolean[])
    ) AS given(id, attempts, status, reason, pause, released)
    WHERE delivery.id = given.id AND delivery.attempts = given.attempts
      AND delivery.status = 'sending'
    RETURNING delivery.id
""")
_SURVEY: Final = text("""
    SELECT count(*) AS waiting,
           coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS oldest
    FROM deliveries WHERE channel = :channel AND status IN ('pending', 'sending')
""")
_FORGET: Final = text(f"""
    DELETE FROM canceled_reminders
    WHERE canceled_at < clock_timestamp() - interval '{_TOMBSTONE_DAYS} days'
""")  # noqa: S608 - a literal of this module

_STATUS: Final = {
    Outcome.SENT: "sent",
    Outcome.AGAIN: "pending",
    Outcome.RELEASED: "pending",
    Outcome.FAILED: "failed",
    Outcome.SKIPPED: "skipped",
    Outcome.WITHDRAWN: "withdrawn",
}


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much of a channel is unfinished; `oldest` is the age of its oldest delivery, seconds."""

    waiting: int
    oldest: float


class DeliveryQueue(Protocol):
    """What the dispatcher of a channel needs of the storage."""

    async def take(self, channel: Channel, lines: int, lease_seconds: float) -> list[Attempt]:
        """Lease due deliveries of at most so many lines, in order."""
        ...

    async def settle(self, settlements: Sequence[Settlement]) -> set[int]:
        """Write outcomes; returns the ids of deliveries whose lease was still held."""
        ...

    async def backlog(self, channel: Channel) -> Backlog:
        """What is unfinished."""
        ...


class PostgresDeliveryQueue:
    """DeliveryQueue over a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, channel: Channel, lines: int, lease_seconds: float) -> list[Attempt]:
        """See DeliveryQueue. A broken connection may leave a lease that nobody knows of: it ends
        by itself.
        """
        values = {"channel": channel, "lines": lines, "lease_seconds": lease_seconds}

        async def work(connection: AsyncConnection) -> list[Attempt]:
            return [_attempt(row, channel) for row in await connection.execute(_TAKE, values)]

        return await self._database.run(work)

    async def settle(self, settlements: Sequence[Settlement]) -> set[int]:
        """See DeliveryQueue."""
        values: dict[str, Any] = {
            "ids": [each.attempt.delivery_id for each in settlements],
            "attempts": [each.attempt.number for each in settlements],
            "statuses": [_STATUS[each.outcome] for each in settlements],
            "reasons": [each.reason for each in settlements],
            "pauses": [each.pause for each in settlements],
            "released": [each.outcome is Outcome.RELEASED for each in settlements],
        }

        async def work(connection: AsyncConnection) -> set[int]:
            return {row.id for row in await connection.execute(_SETTLE, values)}

        return await self._database.run(work)

    async def backlog(self, channel: Channel) -> Backlog:
        """See DeliveryQueue."""

        async def work(connection: AsyncConnection) -> Backlog:
            row = (await connection.execute(_SURVEY, {"channel": channel})).one()
            return Backlog(row.waiting, row.oldest)

        return await self._database.run(work)

    async def forget_old_cancellations(self) -> None:
        """Forget canceled reminders after 30 days: no event is kept or replayed that long."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(_FORGET)

        await self._database.run(work)


def _attempt(row: Row[Any], channel: Channel) -> Attempt:
    enabled = True if row.enabled is None else bool(row.enabled)
    return Attempt(
        delivery_id=row.id,
        number=row.attempts,
        limit=row.attempt_limit,
        message=message_of(row),
        recipient=Recipient(row.user_id, channel, row.address, enabled),
        canceled=row.canceled,
    )
