"""Tasks: what may be said about one, asked for, and shown."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from todo_shared.models.base import (
    ApiModel,
    Description,
    Moment,
    Omittable,
    PageQuery,
    SearchText,
    Title,
    Version,
)


class TaskStatus(StrEnum):
    """Where a task is in its life."""

    PENDING = "pending"
    COMPLETED = "completed"


class TaskSort(StrEnum):
    """The order of a list of tasks."""

    CREATED = "created"
    """The newest first."""
    DUE = "due"
    """The most urgent first, those without a due date last."""


class TaskBase(ApiModel):
    """What a person says about a task."""

    title: Title
    description: Description | None = None
    due_date: Moment | None = None


class TaskCreate(TaskBase):
    """The body that creates a task."""


class TaskUpdate(ApiModel):
    """The body that changes a task: what is left out stays, null clears.

    With `version` the change is made only to that version of the task.
    """

    title: Omittable[Title] = None
    description: Description | None = None
    due_date: Moment | None = None
    status: Omittable[TaskStatus] = None
    version: Version | None = None

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        for name in ("title", "status"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        if not self.model_fields_set - {"version"}:
            raise ValueError("say what to change: title, description, due_date or status")
        return self


class TaskQuery(PageQuery):
    """Which tasks of the caller, and in which order; a task must match every filter given."""

    status: TaskStatus | None = None
    q: Annotated[
        SearchText | None,
        Field(description="Text in title or description; case does not matter"),
    ] = None
    due_before: Moment | None = None
    due_after: Annotated[Moment | None, Field(description="Due at this moment or later")] = None
    has_due: bool | None = None
    sort: TaskSort = TaskSort.CREATED


class DueQuery(ApiModel):
    """Which due tasks of all users: `after` is the `next` of the page before."""

    before: Moment
    due_after: Annotated[Moment | None, Field(description="Due at this moment or later")] = None
    after: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 500


class TaskResponse(TaskBase):
    """A task as the API shows it. Ids are opaque: compare them, never parse them.

    An instance of a recurring task also says of which one, and for which day.
    """

    id: str
    user_id: str
    status: TaskStatus
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None = None
    recurring_task_id: str | None = None
    instance_date: date | None = None
    occurrence_key: str | None = None
    version: int


class TaskPage(ApiModel):
    """One page of tasks; `next` is the `after` of the following page."""

    items: list[TaskResponse]
    next: str | None = None


class NotifyResponse(ApiModel):
    """That a notification was asked for, and what the notification service answered."""

    status: Literal["notified"] = "notified"
    response: JsonValue
