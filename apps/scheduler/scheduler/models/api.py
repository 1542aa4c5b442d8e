"""Reminders as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from scheduler.models.reminder import Reminder, ReminderStatus
from scheduler.settings import Offset
from todo_shared.models import ApiModel

TaskId = Annotated[str, Field(min_length=1, max_length=64, pattern="^[A-Za-z0-9-]+$")]
Channel = Annotated[str, Field(pattern="^(email|sms|push|webhook)$", examples=["email"])]


class ReminderCreate(ApiModel):
    """The body that sets a reminder: at `remind_at`, or `offset_minutes` before the due date."""

    task_id: TaskId
    remind_at: AwareDatetime | None = None
    offset_minutes: Offset | None = None
    channel: Channel = "email"

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if (self.remind_at is None) == (self.offset_minutes is None):
            raise ValueError("give either remind_at or offset_minutes")
        return self


class ReminderResponse(ApiModel):
    """A reminder as the API shows it."""

    id: str
    task_id: str
    channel: str
    trigger_time: datetime
    offset_minutes: int | None = None
    status: ReminderStatus
    created_at: datetime
    triggered_at: datetime | None = None
    canceled_at: datetime | None = None

    @classmethod
    def of(cls, reminder: Reminder) -> Self:
        """What is shown of `reminder`."""
        return cls(
            id=str(reminder.id),
            task_id=reminder.task_id,
            channel=reminder.channel,
            trigger_time=reminder.trigger_time,
            offset_minutes=reminder.offset_minutes,
            status=reminder.status,
            created_at=reminder.created_at,
            triggered_at=reminder.fired_at,
            canceled_at=reminder.canceled_at,
        )


class ReminderPage(ApiModel):
    """One page of reminders, the earliest first; `next` is the `after` of the following page."""

    items: list[ReminderResponse]
    next: str | None = None
