"""Reminders in PostgreSQL: asked for by users, read by timers, fired once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.models.reminder import Armed, Canceled, Fired, Reminder, ReminderStatus
from scheduler.models.task import KnownTask, TaskState
from scheduler.repository.arming import arm
from scheduler.repository.canceling import cancel_one
from scheduler.repository.tasks import lock_task
from todo_shared.database import Database
from todo_shared.ids import derived
from todo_shared.outbox import CHANNEL as OUTBOX_CHANNEL
from todo_shared.outbox import SHARDS as OUTBOX_SHARDS

_COLUMNS: Final = (
    "id, task_id, user_id, channel, offset_minutes, automatic, trigger_time, status, created_at, "
    "fired_at, canceled_at"
)
_GET: Final = text(f"SELECT {_COLUMNS} FROM reminders WHERE id = :id AND user_id = :user_id")  # noqa: S608 - a literal of this module
_PAGE: Final = text(f"""
    SELECT {_COLUMNS} FROM reminders
    WHERE user_id = :user_id
      AND (CAST(:task_id AS text) IS NULL OR task_id = :task_id)
      AND (CAST(:after_id AS uuid) IS NULL
           OR (trigger_time, id) > (CAST(:after_time AS timestamptz), CAST(:after_id AS uuid)))
    ORDER BY trigger_time, id LIMIT :limit
""")  # noqa: S608 - a literal of this module
_DUE_WITHIN: Final = text("""
    SELECT id, shard, trigger_time FROM reminders
    WHERE status = 'pending' AND trigger_time <= now() + make_interval(secs => :seconds)
    ORDER BY trigger_time LIMIT :limit
""")
_STILL_PENDING: Final = text("""
    SELECT id, shard, greatest(trigger_time, now() + interval '20 milliseconds') AS trigger_time
    FROM reminders WHERE id = ANY(CAST(:ids AS uuid[])) AND status = 'pending'
""")
_TIME_FORMAT: Final = """'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"""
# Locked rows are in the hands of another replica: it fires them, or they are found pending again.
_FIRE: Final = text(
    f"""
    WITH given AS (
        SELECT id, event_id
        FROM unnest(CAST(:ids AS uuid[]), CAST(:event_ids AS uuid[])) AS each(id, event_id)
    ),
    due AS (
        SELECT id FROM reminders
        WHERE id = ANY(CAST(:ids AS uuid[])) AND status = 'pending' AND trigger_time <= now()
        ORDER BY id FOR UPDATE SKIP LOCKED
    ),
    fired AS (
        UPDATE reminders SET status = 'triggered', fired_at = clock_timestamp()
        FROM due WHERE reminders.id = due.id RETURNING reminders.*
    ),
    counted AS (
        INSERT INTO user_seq AS counter (user_id, seq)
        SELECT user_id, count(*) FROM fired GROUP BY user_id ORDER BY user_id
        ON CONFLICT (user_id) DO UPDATE SET seq = counter.seq + EXCLUDED.seq
        RETURNING user_id, seq
    ),
    queued AS (
        INSERT INTO outbox
            (shard, event_id, topic, key, seq, time, traceparent, correlation_id, data)
        SELECT fired.shard % {OUTBOX_SHARDS}, given.event_id, 'reminder.triggered', fired.user_id,
               counted.seq - count(*) OVER (PARTITION BY fired.user_id)
                   + row_number() OVER (PARTITION BY fired.user_id
                                        ORDER BY fired.trigger_time, fired.id) AS seq,
               fired.fired_at, fired.traceparent, fired.correlation_id,
               convert_to(json_build_object(
                   'user_id', fired.user_id,
                   'task_id', fired.task_id,
                   'reminder_id', fired.id,
                   'notification_channel', fired.channel,
                   'trigger_time', to_char(fired.trigger_time AT TIME ZONE 'UTC', {_TIME_FORMAT}),
                   'title', tasks.title,
                   'fired_at', to_char(fired.fired_at AT TIME ZONE 'UTC', {_TIME_FORMAT})
               )::text, 'UTF8')
        FROM fired JOIN counted USING (user_id) JOIN given USING (id)
            LEFT JOIN tasks USING (task_id)
        ORDER BY fired.user_id, seq
        RETURNING shard
    ),
    woken AS (
        SELECT pg_notify('{OUTBOX_CHANNEL}', shard::text) FROM (SELECT DISTINCT shard FROM queued) q
    )
    SELECT id, task_id, channel, trigger_time,
           extract(epoch FROM fired_at - greatest(trigger_time, armed_at))::float8 AS seconds_late,
           (SELECT count(*) FROM woken) AS woken
    FROM fired
    """  # noqa: S608 - literals of our code, values are bound
)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page of reminders ended."""

    trigger_time: datetime
    id: UUID


class ReminderRepository:
    """The reminders of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, reminder: Reminder, task: KnownTask) -> tuple[bool, KnownTask]:
        """Store a pending reminder of `task`, unless the task is done meanwhile.

        Returns whether it was stored, and the task as it is now.
        """
        async with self._database.transaction() as connection:
            present = await lock_task(connection, task)
            if present.state is not TaskState.OPEN or present.user_id != task.user_id:
                return False, present
            return await arm(connection, reminder), present

    async def get(self, user_id: str, reminder_id: UUID) -> Reminder | None:
        """A reminder of the user."""

        async def work(connection: AsyncConnection) -> Reminder | None:
            found = await connection.execute(_GET, {"id": reminder_id, "user_id": user_id})
            row = found.first()
            return None if row is None else _reminder(row)

        return await self._database.run(work)

    async def page(
        self, user_id: str, task_id: str | None, after: Position | None, limit: int
    ) -> list[Reminder]:
        """Reminders of the user, by the time they are due."""
        values: dict[str, Any] = {
            "user_id": user_id,
            "task_id": task_id,
            "after_time": after.trigger_time if after else None,
            "after_id": after.id if after else None,
            "limit": limit,
        }

        async def work(connection: AsyncConnection) -> list[Reminder]:
            return [_reminder(row) for row in await connection.execute(_PAGE, values)]

        return await self._database.run(work)

    async def cancel(self, user_id: str, reminder_id: UUID) -> list[Canceled]:
        """End a pending reminder of the user, with its event; empty when there is none."""
        async with self._database.transaction() as connection:
            return await cancel_one(connection, user_id, reminder_id)

    async def due_within(self, seconds: float, limit: int) -> list[Armed]:
        """Pending reminders that are overdue or due within `seconds`, the earliest first."""
        values = {"seconds": seconds, "limit": limit}

        async def work(connection: AsyncConnection) -> list[Armed]:
            return [_armed(row) for row in await connection.execute(_DUE_WITHIN, values)]

        return await self._database.run(work)

    async def fire(self, ids: Sequence[UUID]) -> list[Fired]:
        """Trigger those of `ids` that are pending and due by the clock of the database.

        Each is returned by one call only, whoever else makes the same one; its event is queued by
        the same statement.
        """
        values = {
            "ids": list(ids),
            "event_ids": [derived("reminder.triggered", str(each)) for each in ids],
        }
        async with self._database.connect() as connection:
            return [_fired(row) for row in await connection.execute(_FIRE, values)]

    async def still_pending(self, ids: Sequence[UUID]) -> list[Armed]:
        """Those of `ids` that are pending, with the time at which firing is worth another try."""

        async def work(connection: AsyncConnection) -> list[Armed]:
            found = await connection.execute(_STILL_PENDING, {"ids": list(ids)})
            return [_armed(row) for row in found]

        return await self._database.run(work)


def _armed(row: Row[Any]) -> Armed:
    return Armed(UUID(str(row.id)), row.shard, row.trigger_time)


def _fired(row: Row[Any]) -> Fired:
    return Fired(
        UUID(str(row.id)), row.task_id, row.channel, row.trigger_time, max(row.seconds_late, 0.0)
    )


def _reminder(row: Row[Any]) -> Reminder:
    return Reminder(
        id=UUID(str(row.id)),
        task_id=row.task_id,
        user_id=row.user_id,
        channel=row.channel,
        offset_minutes=row.offset_minutes,
        automatic=row.automatic,
        trigger_time=row.trigger_time,
        status=ReminderStatus(row.status),
        created_at=row.created_at,
        fired_at=row.fired_at,
        canceled_at=row.canceled_at,
    )
