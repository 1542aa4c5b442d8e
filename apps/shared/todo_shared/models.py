"""The models that requests and responses of the Todo API are made of."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Description = Annotated[str, StringConstraints(max_length=4000)]


class ApiModel(BaseModel):
    """Base of what crosses a service boundary: immutable, and no field that nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TaskStatus(StrEnum):
    """Where a task is in its life."""

    PENDING = "pending"
    COMPLETED = "completed"


class TaskBase(ApiModel):
    """What a person says about a task."""

    title: Title
    description: Description | None = None
    due_date: AwareDatetime | None = None

    @field_validator("title", "description")
    @classmethod
    def _storable(cls, value: str | None) -> str | None:
        # PostgreSQL text cannot hold U+0000; refusing it here makes it a 422 and not a 500.
        if value is not None and "\x00" in value:
            raise ValueError("must not contain the character U+0000")
        return value


class TaskCreate(TaskBase):
    """The body that creates a task."""


class TaskResponse(TaskBase):
    """A task as the API shows it. Ids are opaque: compare them, never parse them."""

    id: str
    user_id: str
    status: TaskStatus
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None = None
    version: int


class TaskPage(ApiModel):
    """One page of tasks, newest first; `next` is the `after` of the following page."""

    items: list[TaskResponse]
    next: str | None = None


class DeliveryStatus(StrEnum):
    """How far one notification has come."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class NotificationResponse(ApiModel):
    """One notification that was delivered, or is on its way."""

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


class NotificationPage(ApiModel):
    """One page of notifications, oldest first; `next` is the `after` of the following page."""

    items: list[NotificationResponse]
    next: str | None = None


class ErrorResponse(BaseModel):
    """The one shape of every error: a sentence, and where known a code, the request's id, fields.

    Only `error` is always there: the fallback of an unreachable service carries nothing else.
    """

    error: str = Field(examples=["task not found"])
    code: str | None = Field(default=None, examples=["not_found"])
    correlation_id: str | None = None
    details: list[str] | None = Field(default=None, examples=[["body.title: Field required"]])
