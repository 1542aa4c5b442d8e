"""Canceling pending reminders, each with its event, in the transaction of whoever asks for it."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.models.reminder import Canceled
from scheduler.repository.arming import CHANNEL
from todo_shared.events.envelope import new_event
from todo_shared.events.payloads import CancelReason, ReminderCanceled
from todo_shared.ids import derived
from todo_shared.outbox import append


def _ending(condition: str) -> TextClause:
    return text(f"""
        WITH ended AS (
            UPDATE reminders SET status = 'canceled', cancel_reason = :reason,
                canceled_at = clock_timestamp()
            WHERE status = 'pending' AND {condition}
            RETURNING id, task_id, user_id, canceled_at
        )
        SELECT id, task_id, user_id, canceled_at, pg_notify('{CHANNEL}', id::text) FROM ended
    """)  # noqa: S608 - literals of this module


_ALL: Final = _ending("task_id = :task_id")
_FOLLOWING: Final = _ending("task_id = :task_id AND offset_minutes IS NOT NULL")
_ONE: Final = _ending("id = :id AND user_id = :user_id")


async def cancel_all(
    connection: AsyncConnection, task_id: str, reason: CancelReason
) -> list[Canceled]:
    """End every pending reminder of a task."""
    return await _cancel(connection, _ALL, {"task_id": task_id}, reason)


async def cancel_following(connection: AsyncConnection, task_id: str) -> list[Canceled]:
    """End the pending reminders that follow a due date which its user has removed."""
    return await _cancel(connection, _FOLLOWING, {"task_id": task_id}, "user_canceled")


async def cancel_one(
    connection: AsyncConnection, user_id: str, reminder_id: UUID
) -> list[Canceled]:
    """End one pending reminder because its user asks for it."""
    values = {"user_id": user_id, "id": reminder_id}
    return await _cancel(connection, _ONE, values, "user_canceled")


async def _cancel(
    connection: AsyncConnection, statement: TextClause, values: dict[str, Any], reason: CancelReason
) -> list[Canceled]:
    ended: list[Canceled] = []
    for row in (await connection.execute(statement, values | {"reason": reason})).all():
        canceled = _canceled(row)
        ended.append(canceled)
        at: datetime = row.canceled_at
        data = ReminderCanceled(
            user_id=canceled.user_id,
            task_id=canceled.task_id,
            reminder_id=str(canceled.id),
            reason=reason,
        )
        event_id = derived("reminder.canceled", str(canceled.id))
        await append(connection, new_event(event_id, data, at))
    return ended


def _canceled(row: Row[Any]) -> Canceled:
    return Canceled(UUID(str(row.id)), row.task_id, row.user_id)
