"""Storing pending reminders and moving them, in the transaction of whoever asks for it.

Replicas are told of each one at the commit, so that those due soon reach their timers at once.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.models.reminder import Armed, Reminder, shard_of, trigger_time
from scheduler.models.task import KnownTask
from todo_shared.ids import derived
from todo_shared.telemetry.context import current

CHANNEL: Final = "reminders"

_INSERT: Final = """
    INSERT INTO reminders (id, task_id, user_id, shard, channel, offset_minutes, automatic,
                           trigger_time, armed_at, status, created_at, traceparent, correlation_id)
    SELECT :id, :task_id, :user_id, :shard, :channel, CAST(:offset_minutes AS integer), :automatic,
           CAST(:trigger_time AS timestamptz), clock_timestamp(), 'pending', clock_timestamp(),
           :traceparent, :correlation_id
"""


def _told(change: str) -> TextClause:
    return text(f"""
        WITH armed AS ({change} RETURNING id, shard, trigger_time)
        SELECT id, shard, trigger_time, pg_notify('{CHANNEL}', concat_ws(' ', id, shard,
               (extract(epoch FROM trigger_time) * 1000000)::bigint)) FROM armed
    """)  # noqa: S608 - literals of this module


_STORE: Final = _told(f"{_INSERT} ON CONFLICT (id) DO NOTHING")
# One that was triggered for this very time is not stored again when an event repeats the date.
_UNLESS_THERE: Final = """
    WHERE NOT EXISTS (
        SELECT 1 FROM reminders
        WHERE task_id = :task_id AND automatic AND offset_minutes = :offset_minutes
          AND channel = :channel
          AND (status = 'pending'
               OR (status = 'triggered' AND trigger_time = CAST(:trigger_time AS timestamptz)))
    )
    ON CONFLICT (id) DO NOTHING
"""
_STORE_DEFAULT: Final = _told(_INSERT + _UNLESS_THERE)
_MOVE: Final = _told("""
    UPDATE reminders SET armed_at = clock_timestamp(),
        trigger_time = CAST(:due_date AS timestamptz) - make_interval(mins => offset_minutes)
    WHERE task_id = :task_id AND status = 'pending' AND offset_minutes IS NOT NULL
      AND trigger_time <> CAST(:due_date AS timestamptz) - make_interval(mins => offset_minutes)
""")


async def arm(connection: AsyncConnection, reminder: Reminder) -> bool:
    """Store a pending reminder; False when one with its id is there already."""
    return (await connection.execute(_STORE, _values(reminder))).first() is not None


async def arm_default(
    connection: AsyncConnection,
    task: KnownTask,
    offset_minutes: int,
    channel: str,
    not_before: datetime | None,
) -> list[Armed]:
    """Store the default reminder of a task with a due date, unless it has it, or had it.

    Nothing is stored when it would be due at `not_before` or earlier.
    """
    if task.due_date is None:
        return []
    due = trigger_time(task.due_date, offset_minutes)
    if not_before is not None and due <= not_before:
        return []
    # The event that told due date and state names it, so a repeat finds it.
    cause = str(max(task.due_seq, task.state_seq))
    values = _arguments(
        derived("reminder", task.task_id, str(offset_minutes), channel, cause),
        task.task_id,
        task.user_id,
        channel,
    ) | {"offset_minutes": offset_minutes, "automatic": True, "trigger_time": due}
    return [_armed(row) for row in await connection.execute(_STORE_DEFAULT, values)]


async def move_following(
    connection: AsyncConnection, task_id: str, due_date: datetime
) -> list[Armed]:
    """Move the pending reminders that follow the due date of a task."""
    values = {"task_id": task_id, "due_date": due_date}
    return [_armed(row) for row in await connection.execute(_MOVE, values)]


def _values(reminder: Reminder) -> dict[str, Any]:
    return _arguments(reminder.id, reminder.task_id, reminder.user_id, reminder.channel) | {
        "offset_minutes": reminder.offset_minutes,
        "automatic": reminder.automatic,
        "trigger_time": reminder.trigger_time,
    }


def _arguments(reminder_id: UUID, task_id: str, user_id: str, channel: str) -> dict[str, Any]:
    work = current()
    return {
        "id": reminder_id,
        "task_id": task_id,
        "user_id": user_id,
        "shard": shard_of(user_id),
        "channel": channel,
        "traceparent": work.traceparent,
        "correlation_id": work.correlation_id,
    }


def _armed(row: Row[Any]) -> Armed:
    return Armed(UUID(str(row.id)), row.shard, row.trigger_time)
