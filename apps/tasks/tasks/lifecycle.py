"""What can be done with tasks: the use cases between the routes and the repository."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol
from uuid import UUID

from tasks import announcements
from tasks.errors import check_version
from tasks.models.audit import record_of_change, record_of_creation
from tasks.models.task import Task
from tasks.paging import after_row, position_of
from tasks.repository.tasks import TaskRepository
from todo_shared.errors import ConflictError, InvalidError, NotFoundError
from todo_shared.events.envelope import NewEvent
from todo_shared.ids import derived, uuid7
from todo_shared.models import (
    AuditPage,
    DueQuery,
    TaskCreate,
    TaskPage,
    TaskQuery,
    TaskResponse,
    TaskSort,
    TaskStatus,
    TaskUpdate,
)

Change = Callable[[Task, datetime], Task]
Announce = Callable[[Task, Task], list[NewEvent]]

_ATTEMPTS: Final = 4


def utc_now() -> datetime:
    """The present, as the services count it."""
    return datetime.now(UTC)


class TaskReader(Protocol):
    """Where single tasks are read when nothing is changed."""

    async def get(self, user_id: str, task_id: UUID) -> TaskResponse | None:
        """A task of the user, None when there is none."""
        ...


class TaskLifecycle:
    """Creates, reads and changes the tasks of one user at a time.

    A single task is read from `reader` where there is one.
    """

    def __init__(
        self,
        repository: TaskRepository,
        now: Callable[[], datetime] = utc_now,
        reader: TaskReader | None = None,
    ) -> None:
        self._repository = repository
        self._reader = reader
        self._now = now

    async def create(
        self, user_id: str, wanted: TaskCreate, key: str | None
    ) -> tuple[TaskResponse, bool]:
        """The new task, and whether it was made now; the same `key` gives the same task again.

        Raises InvalidError when the key was used before with another body.
        """
        task_id = derived("task", user_id, key) if key else uuid7()
        now = self._now()
        task = Task(
            id=str(task_id),
            user_id=user_id,
            title=wanted.title,
            description=wanted.description,
            status=TaskStatus.PENDING,
            due_date=wanted.due_date,
            created_at=now,
            updated_at=now,
            completed_at=None,
            deleted_at=None,
            version=1,
        )
        digest = hashlib.sha256(wanted.model_dump_json().encode()).digest()
        record = record_of_creation(task, user_id)
        if await self._repository.add(task, digest, record, announcements.created(task)):
            return task.response(), True
        found = await self._repository.get(user_id, task_id)
        if found is None or found[1] != digest:
            raise InvalidError("this Idempotency-Key was used before with another body")
        return found[0].response(), False

    async def get(self, user_id: str, task_id: str) -> TaskResponse:
        """A task of the user; raises NotFoundError."""
        if self._reader is None:
            return (await self._existing(user_id, task_id)).response()
        try:
            found = await self._reader.get(user_id, UUID(task_id))
        except ValueError:
            found = None
        if found is None:
            raise NotFoundError("task not found")
        return found

    async def page(self, user_id: str, wanted: TaskQuery) -> TaskPage:
        """The tasks of the user that match; raises InvalidError for a foreign `after`."""
        position = position_of(wanted.after, wanted.sort)
        found = await self._repository.page(user_id, wanted, position, wanted.limit + 1)
        return _page(found, wanted.limit, wanted.sort)

    async def due(self, wanted: DueQuery) -> TaskPage:
        """Pending tasks of all users that are due; raises InvalidError for a foreign `after`."""
        position = position_of(wanted.after, TaskSort.DUE)
        found = await self._repository.due(wanted, position, wanted.limit + 1)
        return _page(found, wanted.limit, TaskSort.DUE)

    async def update(
        self, user_id: str, task_id: str, wanted: TaskUpdate, expected: int | None
    ) -> tuple[TaskResponse, bool]:
        """The changed task, and whether it was completed now. A body that changes nothing does so.

        Raises NotFoundError, StaleVersionError unless `expected` is None or the present version.
        """

        def change(task: Task, now: datetime) -> Task:
            check_version(task.version, expected)
            return task.edit(wanted, now)

        before, after = await self._change(user_id, task_id, change, announcements.updated)
        return after.response(), after.done and not before.done

    async def complete(self, user_id: str, task_id: str) -> tuple[TaskResponse, bool]:
        """The completed task, and whether it was completed now: once done it stays done.

        Raises NotFoundError, ConflictError.
        """
        change, announce = Task.complete, announcements.completed
        before, after = await self._change(user_id, task_id, change, announce)
        return after.response(), after.done and not before.done

    async def delete(self, user_id: str, task_id: str) -> None:
        """Remove a task from every view. Raises NotFoundError, ConflictError."""
        await self._change(user_id, task_id, Task.delete, announcements.deleted)

    async def history(self, user_id: str, task_id: str, after: int, limit: int) -> AuditPage:
        """The changes of a task of the user, deleted ones too, behind version `after`.

        Raises NotFoundError.
        """
        if await self._found(user_id, task_id) is None:
            raise NotFoundError("task not found")
        found = await self._repository.history(user_id, UUID(task_id), after, limit + 1)
        items = found[:limit]
        return AuditPage(items=items, next=str(items[-1].version) if len(found) > limit else None)

    async def _change(
        self, user_id: str, task_id: str, change: Change, announce: Announce
    ) -> tuple[Task, Task]:
        """The task before and after. What others change meanwhile is taken up, not overwritten."""
        for _ in range(_ATTEMPTS):
            before = await self._existing(user_id, task_id)
            after = change(before, self._now())
            if after is before:
                return before, before
            record = record_of_change(before, after, user_id)
            if await self._repository.save(after, record, announce(before, after)):
                return before, after
            if await self._found(user_id, task_id) == after:
                # The connection broke after our own attempt had arrived.
                return before, after
        raise ConflictError("the task is being changed by others; try again")

    async def _existing(self, user_id: str, task_id: str) -> Task:
        found = await self._found(user_id, task_id)
        if found is None or found.deleted_at is not None:
            raise NotFoundError("task not found")
        return found

    async def _found(self, user_id: str, task_id: str) -> Task | None:
        try:
            found = await self._repository.get(user_id, UUID(task_id))
        except ValueError:
            return None
        return None if found is None else found[0]


def _page(found: list[Task], limit: int, sort: TaskSort) -> TaskPage:
    more = after_row(found[limit - 1], sort) if len(found) > limit else None
    return TaskPage(items=[task.response() for task in found[:limit]], next=more)
