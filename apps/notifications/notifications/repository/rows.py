"""Rows of `deliveries` as what they mean."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from notifications.models.delivery import Delivery, Message
from todo_shared.models import DeliveryStatus

COLUMNS: Final = (
    "id, event_id, task_id, user_id, channel, subject, body, status, seq, trace_id, event_time, "
    "created_at, sent_at, attempts, reason, number, traceparent, correlation_id, reminder_id"
)


def message_of(row: Row[Any]) -> Message:
    """The message in a row that has COLUMNS."""
    return Message(
        event_id=UUID(str(row.event_id)),
        task_id=row.task_id,
        user_id=row.user_id,
        channel=row.channel,
        subject=row.subject,
        body=row.body,
        seq=row.seq,
        trace_id=row.trace_id,
        event_time=row.event_time,
        traceparent=row.traceparent,
        correlation_id=row.correlation_id,
        reminder_id=row.reminder_id,
    )


def delivery_of(row: Row[Any]) -> Delivery:
    """The delivery in a row that has COLUMNS."""
    return Delivery(
        id=row.id,
        message=message_of(row),
        status=DeliveryStatus(row.status),
        created_at=row.created_at,
        sent_at=row.sent_at,
        attempts=row.attempts,
        reason=row.reason,
        number=row.number,
    )
