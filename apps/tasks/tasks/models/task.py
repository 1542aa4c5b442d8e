"""A task and the rules of its life: every state transition is in this file and nowhere else."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from todo_shared.errors import ConflictError
from todo_shared.models import TaskResponse, TaskStatus, TaskUpdate

EDITABLE: Final = ("title", "description", "due_date", "status")


@dataclass(frozen=True, slots=True)
class Task:
    """One task of one user; `version` counts its changes from 1.

    The last three fields are those of an instance: of which recurring task, and which date of it.
    """

    id: str
    user_id: str
    title: str
    description: str | None
    status: TaskStatus
    due_date: datetime | None
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    deleted_at: datetime | None
    version: int
    recurring_task_id: str | None = None
    instance_date: date | None = None
    occurrence_key: str | None = None

    @property
    def done(self) -> bool:
        """Whether the task is completed."""
        return self.status is TaskStatus.COMPLETED

    def complete(self, now: datetime) -> "Task":
        """The task, done at `now`; a done one stays as it is. Deleted raises ConflictError."""
        return self._changed(now, {"status": TaskStatus.COMPLETED})

    def edit(self, wanted: TaskUpdate, now: datetime) -> "Task":
        """The task with the fields that `wanted` sets; without a difference it stays as it is.

        A completed task may be edited, and `pending` reopens it. Deleted raises ConflictError.
        """
        given = wanted.model_fields_set.intersection(EDITABLE)
        return self._changed(now, {name: getattr(wanted, name) for name in given})

    def delete(self, now: datetime) -> "Task":
        """The task, removed at `now` and kept out of every list; twice raises ConflictError."""
        self._must_exist()
        later = self._not_before(now)
        return replace(self, deleted_at=later, updated_at=later, version=self.version + 1)

    def _changed(self, now: datetime, fields: dict[str, Any]) -> "Task":
        self._must_exist()
        changed = replace(self, **fields)
        if changed == self:
            return self
        later = self._not_before(now)
        completed_at = self.completed_at
        if changed.status is not self.status:
            completed_at = later if changed.done else None
        return replace(
            changed, completed_at=completed_at, updated_at=later, version=self.version + 1
        )

    def _must_exist(self) -> None:
        if self.deleted_at is not None:
            raise ConflictError("the task was deleted")

    def _not_before(self, now: datetime) -> datetime:
        # The change before may have been made on a machine whose clock is ahead.
        return max(now, self.updated_at)

    def response(self) -> TaskResponse:
        """The task as the API shows it."""
        return TaskResponse(
            id=self.id,
            user_id=self.user_id,
            title=self.title,
            description=self.description,
            status=self.status,
            due_date=self.due_date,
            created_at=self.created_at,
            updated_at=self.updated_at,
            completed_at=self.completed_at,
            recurring_task_id=self.recurring_task_id,
            instance_date=self.instance_date,
            occurrence_key=self.occurrence_key,
            version=self.version,
        )


def changed_fields(before: Task, after: Task) -> list[str]:
    """The editable fields in which the two differ, in the order of EDITABLE."""
    return [name for name in EDITABLE if getattr(before, name) != getattr(after, name)]
