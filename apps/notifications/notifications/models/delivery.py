"""One notification on its way to one user."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from todo_shared.models import DeliveryStatus, NotificationResponse

# After so many attempts a delivery has failed, until somebody asks for it again.
MAX_ATTEMPTS: Final = 6


@dataclass(frozen=True, slots=True)
class Message:
    """What a sender delivers: made from an event, before it is known whether it is a repeat.

    `task_id` is empty when it is about no task; `seq` is 0 when it was asked for by a call.
    """

    event_id: UUID
    task_id: str
    user_id: str
    channel: str
    subject: str
    body: str
    seq: int
    trace_id: str
    event_time: datetime
    traceparent: str = ""
    correlation_id: str = ""
    reminder_id: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message with what became of it; `number` is its place among those of its user."""

    id: int
    message: Message
    status: DeliveryStatus
    created_at: datetime
    sent_at: datetime | None
    attempts: int
    reason: str | None
    number: int | None

    def response(self) -> NotificationResponse:
        """The delivery as the API shows it."""
        return NotificationResponse(
            id=str(self.id),
            event_id=str(self.message.event_id),
            task_id=self.message.task_id,
            user_id=self.message.user_id,
            channel=self.message.channel,
            subject=self.message.subject,
            body=self.message.body,
            status=self.status,
            seq=self.message.seq,
            trace_id=self.message.trace_id,
            event_time=self.message.event_time,
            created_at=self.created_at,
            sent_at=self.sent_at,
            attempts=self.attempts,
            reason=self.reason,
        )
