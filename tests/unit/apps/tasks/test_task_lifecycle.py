"""The use cases of tasks over a repository in memory."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tasks.lifecycle import TaskLifecycle
from tasks.models.task import Task
from tasks.repository import Position
from todo_shared.errors import ConflictError, InvalidError, NotFoundError
from todo_shared.events.envelope import NewEvent
from todo_shared.models import TaskCreate, TaskStatus

START = datetime(2030, 1, 1, tzinfo=UTC)


class MemoryRepository:
    """TaskRepository in a dictionary; `rivals` change a task just before it is saved."""

    def __init__(self) -> None:
        self.rows: dict[UUID, tuple[Task, bytes]] = {}
        self.events: list[NewEvent] = []
        self.rivals: list[Task] = []

    async def add(self, task: Task, request_digest: bytes, event: NewEvent) -> bool:
        if UUID(task.id) in self.rows:
            return False
        self.rows[UUID(task.id)] = (task, request_digest)
        self.events.append(event)
        return True

    async def save(self, task: Task, event: NewEvent) -> bool:
        if self.rivals:
            rival = self.rivals.pop()
            self.rows[UUID(rival.id)] = (rival, b"")
        present, digest = self.rows[UUID(task.id)]
        if present.version != task.version - 1:
            return False
        self.rows[UUID(task.id)] = (task, digest)
        self.events.append(event)
        return True

    async def get(self, user_id: str, task_id: UUID) -> tuple[Task, bytes] | None:
        found = self.rows.get(task_id)
        return found if found and found[0].user_id == user_id else None

    async def page(
        self, user_id: str, status: TaskStatus | None, after: Position | None, limit: int
    ) -> list[Task]:
        rows = [task for task, _ in self.rows.values() if task.user_id == user_id]
        return rows[:limit]


@pytest.fixture
def repository() -> MemoryRepository:
    return MemoryRepository()


@pytest.fixture
def lifecycle(repository: MemoryRepository) -> TaskLifecycle:
    return TaskLifecycle(repository, lambda: START)


async def test_a_repeated_create_makes_the_same_event(
    lifecycle: TaskLifecycle, repository: MemoryRepository
) -> None:
    first, made = await lifecycle.create("ann", TaskCreate(title="x"), "k")
    again, made_again = await lifecycle.create("ann", TaskCreate(title="x"), "k")
    assert (first, made, made_again) == (again, True, False)
    assert [event.topic for event in repository.events] == ["task.created"]


async def test_without_a_key_every_create_is_new(lifecycle: TaskLifecycle) -> None:
    made = [await lifecycle.create("ann", TaskCreate(title="x"), None) for _ in range(2)]
    assert made[0][0].id != made[1][0].id


async def test_a_key_with_another_body_is_invalid(lifecycle: TaskLifecycle) -> None:
    await lifecycle.create("ann", TaskCreate(title="x"), "k")
    with pytest.raises(InvalidError, match="Idempotency-Key"):
        await lifecycle.create("ann", TaskCreate(title="y"), "k")


async def test_losing_against_another_change_is_a_conflict(
    lifecycle: TaskLifecycle, repository: MemoryRepository
) -> None:
    task, _ = await lifecycle.create("ann", TaskCreate(title="x"), None)
    stored = repository.rows[UUID(task.id)][0]
    later = START + timedelta(seconds=1)
    renamed = Task(**{**_fields(stored), "title": "y", "version": 2, "updated_at": later})
    repository.rivals = [renamed]
    with pytest.raises(ConflictError, match="read it again"):
        await lifecycle.complete("ann", task.id)


async def test_losing_against_the_same_change_is_success(
    lifecycle: TaskLifecycle, repository: MemoryRepository
) -> None:
    task, _ = await lifecycle.create("ann", TaskCreate(title="x"), None)
    earlier = START - timedelta(seconds=1)
    repository.rivals = [repository.rows[UUID(task.id)][0].complete(earlier)]
    done, changed = await lifecycle.complete("ann", task.id)
    assert (done.status, changed) == (TaskStatus.COMPLETED, False)


async def test_a_delete_that_arrived_before_its_connection_broke_is_success(
    lifecycle: TaskLifecycle, repository: MemoryRepository
) -> None:
    task, _ = await lifecycle.create("ann", TaskCreate(title="x"), None)
    repository.rivals = [repository.rows[UUID(task.id)][0].delete(START)]
    await lifecycle.delete("ann", task.id)


async def test_an_id_that_was_never_ours_is_not_found(lifecycle: TaskLifecycle) -> None:
    with pytest.raises(NotFoundError):
        await lifecycle.get("ann", "12345")


async def test_a_page_says_where_the_next_one_begins(lifecycle: TaskLifecycle) -> None:
    for number in range(3):
        await lifecycle.create("ann", TaskCreate(title=str(number)), None)
    page = await lifecycle.page("ann", None, None, 2)
    assert (len(page.items), page.next is None) == (2, False)
    whole = await lifecycle.page("ann", None, None, 3)
    assert whole.next is None


def _fields(task: Task) -> dict[str, object]:
    return {name: getattr(task, name) for name in Task.__dataclass_fields__}
