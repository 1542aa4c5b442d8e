"""The data of each event, as producers write it and consumers read it."""

from datetime import date
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict


class EventData(BaseModel):
    """Base of all event data.

    Unknown fields are ignored, so that a producer may be one version ahead of its consumers.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    task_id: str
    user_id: str


class TaskCreated(EventData):
    """A task exists."""

    title: str
    description: str | None = None
    due_date: AwareDatetime | None = None
    recurring_task_id: str | None = None
    instance_date: date | None = None


class TaskCompleted(EventData):
    """A task is done."""

    title: str
    completed_at: AwareDatetime


class TaskDeleted(EventData):
    """A task was removed by its owner."""

    deleted_at: AwareDatetime


TOPIC_OF: Final[dict[type[EventData], str]] = {
    TaskCreated: "task.created",
    TaskCompleted: "task.completed",
    TaskDeleted: "task.deleted",
}


def event_type(topic: str) -> str:
    """The CloudEvents type of the events in `topic`: one type each, so that routing can use it."""
    return f"com.todo.{topic}.v1"
