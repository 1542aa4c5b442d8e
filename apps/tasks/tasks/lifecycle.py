"""What can be done with tasks: the use cases between the routes and the repository."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from tasks.models.task import Task
from tasks.paging import after_task, position_of
from tasks.repository import TaskRepository
from todo_shared.errors import ConflictError, InvalidError, NotFoundError
from todo_shared.events.envelope import NewEvent, new_event
from todo_shared.events.payloads import TaskCompleted, TaskCreated, TaskDeleted
from todo_shared.ids import derived, uuid7
from todo_shared.models import TaskCreate, TaskPage, TaskResponse, TaskStatus

Change = Callable[[Task, datetime], Task]
Announce = Callable[[Task], NewEvent]


def utc_now() -> datetime:
    """The present, as the services count it."""
    return datetime.now(UTC)


class TaskLifecycle:
    """Creates, reads and changes the tasks of one user at a time."""

    def __init__(self, repository: TaskRepository, now: Callable[[], datetime] = utc_now) -> None:
        self._repository = repository
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
        if await self._repository.add(task, digest, _created(task)):
            return task.response(), True
        found = await self._repository.get(user_id, task_id)
        if found is None or found[1] != digest:
            raise InvalidError("this Idempotency-Key was used before with another body")
        return found[0].response(), False

    async def get(self, user_id: str, task_id: str) -> TaskResponse:
        """A task of the user; raises NotFoundError."""
        return (await self._existing(user_id, task_id)).response()

    async def page(
        self, user_id: str, status: TaskStatus | None, after: str | None, limit: int
    ) -> TaskPage:
        """Up to `limit` tasks, newest first; raises InvalidError for a foreign `after`."""
        position = position_of(after) if after else None
        found = await self._repository.page(user_id, status, position, limit + 1)
        more = after_task(found[limit - 1]) if len(found) > limit else None
        return TaskPage(items=[task.response() for task in found[:limit]], next=more)

    async def complete(self, user_id: str, task_id: str) -> tuple[TaskResponse, bool]:
        """The completed task, and whether it was completed now: once done it stays done.

        Raises NotFoundError, ConflictError.
        """
        task, changed = await self._change(user_id, task_id, Task.complete, _completed)
        return task.response(), changed

    async def delete(self, user_id: str, task_id: str) -> None:
        """Remove a task from every view. Raises NotFoundError, ConflictError."""
        await self._change(user_id, task_id, Task.delete, _deleted)

    async def _change(
        self, user_id: str, task_id: str, change: Change, announce: Announce
    ) -> tuple[Task, bool]:
        task = await self._existing(user_id, task_id)
        wanted = change(task, self._now())
        if wanted is task:
            return task, False
        if await self._repository.save(wanted, announce(wanted)):
            return wanted, True
        present = await self._repository.get(user_id, UUID(task_id))
        if present is not None and present[0] == wanted:
            # The connection broke after our own first attempt had arrived.
            return wanted, True
        current = await self._existing(user_id, task_id)
        if change(current, self._now()) is current:
            return current, False
        raise ConflictError("the task was changed by somebody else; read it again")

    async def _existing(self, user_id: str, task_id: str) -> Task:
        try:
            found = await self._repository.get(user_id, UUID(task_id))
        except ValueError:
            found = None
        if found is None or found[0].deleted_at is not None:
            raise NotFoundError("task not found")
        return found[0]


def _created(task: Task) -> NewEvent:
    data = TaskCreated(
        task_id=task.id,
        user_id=task.user_id,
        title=task.title,
        description=task.description,
        due_date=task.due_date,
    )
    return new_event(derived("task.created", task.id), data, task.created_at)


def _completed(task: Task) -> NewEvent:
    data = TaskCompleted(
        task_id=task.id, user_id=task.user_id, title=task.title, completed_at=task.updated_at
    )
    return new_event(_of_version("task.completed", task), data, task.updated_at)


def _deleted(task: Task) -> NewEvent:
    data = TaskDeleted(task_id=task.id, user_id=task.user_id, deleted_at=task.updated_at)
    return new_event(_of_version("task.deleted", task), data, task.updated_at)


def _of_version(topic: str, task: Task) -> UUID:
    return derived(topic, task.id, str(task.version))
