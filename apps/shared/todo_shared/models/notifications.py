"""Notifications as the API shows them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from todo_shared.models.base import ApiModel


class DeliveryStatus(StrEnum):
    """How far one notification has come."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    SKIPPED = "skipped"


class NotificationResponse(ApiModel):
    """One notification that was delivered, or is on its way.

    `reason` says why it is not sent, or why the last attempt failed. `task_id` is empty when it is
    about no task.
    """

    id: str
    event_id: str
    task_id: str
    user_id: str
    channel: str
    subject: str
    body: str
    status: DeliveryStatus
    seq: int
    trace_id: str
    event_time: datetime
    created_at: datetime
    sent_at: datetime | None = None
    attempts: int = 0
    reason: str | None = None


class NotificationPage(ApiModel):
    """One page of notifications, oldest first; `next` is the `after` of the following page."""

    items: list[NotificationResponse]
    next: str | None = None


class NumberedNotification(ApiModel):
    """A notification and its number, which grows by one from each of its user to the next."""

    number: int
    notification: NotificationResponse


class NewNotifications(ApiModel):
    """What came after a number, in order; `last` is the number to ask with next."""

    items: tuple[NumberedNotification, ...] = ()
    last: int


class SendNotification(ApiModel):
    """The body of the method `send-notification`: tell the caller of this event of a task."""

    task_id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
    event: Literal["task.created", "task.updated", "task.completed", "task.deleted"]


class SendNotificationResponse(ApiModel):
    """The delivery that a `send-notification` led to; `repeated` when it existed before."""

    notification_id: str
    task_id: str
    event: str
    status: DeliveryStatus
    repeated: bool


class RecipientUpdate(ApiModel):
    """Where a user wants the messages of one channel, and whether at all.

    Without an address the channel's default is used, if it has one.
    """

    address: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    enabled: bool = True


class RecipientResponse(ApiModel):
    """Where the messages of one channel go now; `address` is empty when there is none."""

    channel: str
    address: str | None
    enabled: bool
    is_default: bool
