"""The data of each event, as producers write it and consumers read it."""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

RuleKind = Literal["cron", "rrule"]
CancelReason = Literal["task_completed", "task_deleted", "user_canceled"]
LocalDateTime = Annotated[
    str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$")
]


class EventData(BaseModel):
    """Base of all event data.

    Unknown fields are ignored, so that a producer may be one version ahead of its consumers.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    user_id: str


class TaskEventData(EventData):
    """Base of what happens to one task."""

    task_id: str


class TaskCreated(TaskEventData):
    """A task exists."""

    title: str
    description: str | None = None
    due_date: AwareDatetime | None = None
    recurring_task_id: str | None = None
    instance_date: date | None = None
    series_version: int | None = None


class TaskChanges(BaseModel):
    """New values of the fields that `TaskUpdated.changed_fields` names; the others are empty."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: str | None = None
    description: str | None = None
    due_date: AwareDatetime | None = None
    status: str | None = None


class TaskUpdated(TaskEventData):
    """Fields of a task have new values. A named field that is empty in `changed` was cleared."""

    changed: TaskChanges
    changed_fields: list[str]
    updated_at: AwareDatetime
    version: int


class TaskCompleted(TaskEventData):
    """A task is done."""

    title: str
    completed_at: AwareDatetime


class TaskDeleted(TaskEventData):
    """A task was removed by its owner."""

    deleted_at: AwareDatetime


class RecurringTaskState(EventData):
    """The whole state of a recurring task: of two events, the one of higher `version` holds.

    `starts_at` is local time in `time_zone`, without an offset.
    """

    recurring_task_id: str
    title: str
    description: str | None = None
    recurrence_rule: str
    rule_kind: RuleKind
    time_zone: str
    starts_at: LocalDateTime
    gap_policy: str
    overlap_policy: str
    short_month_policy: str
    catch_up_policy: str
    lead_minutes: int
    next_generation_time: AwareDatetime | None = None
    active: bool
    version: int
    deleted: bool = False


class RecurringTaskCreated(RecurringTaskState):
    """A recurring task exists."""


class RecurringTaskUpdated(RecurringTaskState):
    """A recurring task was changed, paused, resumed or deleted."""


class ReminderTriggered(TaskEventData):
    """A reminder is due; `trigger_time` was asked for, `fired_at` is when it happened."""

    reminder_id: str
    notification_channel: str
    trigger_time: AwareDatetime
    title: str | None = None
    fired_at: AwareDatetime


class ReminderCanceled(TaskEventData):
    """A reminder will not trigger."""

    reminder_id: str
    reason: CancelReason


class UserRegistered(EventData):
    """A user exists. No address is told."""

    registered_at: AwareDatetime


class UserAuthenticated(EventData):
    """A user proved who they are. No token and no address are told."""

    authenticated_at: AwareDatetime


TOPIC_OF: Final[dict[type[EventData], str]] = {
    TaskCreated: "task.created",
    TaskUpdated: "task.updated",
    TaskCompleted: "task.completed",
    TaskDeleted: "task.deleted",
    RecurringTaskCreated: "recurring-task.created",
    RecurringTaskUpdated: "recurring-task.updated",
    ReminderTriggered: "reminder.triggered",
    ReminderCanceled: "reminder.canceled",
    UserRegistered: "user.registered",
    UserAuthenticated: "user.authenticated",
}


def event_type(topic: str) -> str:
    """The CloudEvents type of the events in `topic`: one type each, so that routing can use it."""
    return f"com.todo.{topic}.v1"
