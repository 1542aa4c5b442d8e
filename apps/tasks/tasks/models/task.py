"""A task and the rules of its life: every state transition is in this file and nowhere else."""

from dataclasses import dataclass, replace
from datetime import datetime

from todo_shared.errors import ConflictError
from todo_shared.models import TaskResponse, TaskStatus


@dataclass(frozen=True, slots=True)
class Task:
    """One task of one user; `version` counts its changes from 1."""

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

    @property
    def done(self) -> bool:
        """Whether the task is completed."""
        return self.status is TaskStatus.COMPLETED

    def complete(self, now: datetime) -> "Task":
        """The task, done at `now`; a done one stays as it is. Deleted raises ConflictError."""
        self._must_exist()
        if self.done:
            return self
        return replace(
            self,
            status=TaskStatus.COMPLETED,
            completed_at=now,
            updated_at=now,
            version=self.version + 1,
        )

    def delete(self, now: datetime) -> "Task":
        """The task, removed at `now` and kept out of every list; twice raises ConflictError."""
        self._must_exist()
        return replace(self, deleted_at=now, updated_at=now, version=self.version + 1)

    def _must_exist(self) -> None:
        if self.deleted_at is not None:
            raise ConflictError("the task was deleted")

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
            version=self.version,
        )
