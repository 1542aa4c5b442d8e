"""The use cases of tasks over a repository in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tasks.errors import StaleVersionError
from tasks.lifecycle import TaskLifecycle
from tasks.models.audit import AuditRecord
from tasks.models.task import Task
from tasks.repository.position import Position
from todo_shared.errors import ConflictError, InvalidError, NotFoundError
from todo_shared.events.envelope import NewEvent
from todo_shared.models import (
    AuditEntry,
    DueQuery,
    TaskCreate,
    TaskQuery,
    TaskStatus,
    TaskUpdate,
)

START = datetime(2030, 1, 1, tzinfo=UTC)


class MemoryRepository:
    """TaskRepository in a dictionary; `rivals` change a task just before it is saved."""

    def __init__(self) -> None:
        self.rows: dict[UUID, tuple[Task, bytes]] = {}
        self.events: list[NewEvent] = []
        self.records: list[AuditRecord] = []
        self.rivals: list[Task] = []

    async def add(
        self, task: Task, request_digest: bytes, record: AuditRecord, event: NewEvent
    ) -> bool:
        if UUID(task.id) in self.rows:
            return False
        self.rows[UUID(task.id)] = (task, request_digest)
        self.records.append(record)
        self.events.append(event)
        return True

    async def save(self, task: Task, record: AuditRecord, events: Sequence[NewEvent]) -> bool:
        if self.rivals:
            rival = self.rivals.pop()
            self.rows[UUID(rival.id)] = (rival, b"")
        present, digest = self.rows[UUID(task.id)]
        if present.version != task.version - 1:
            return False
        self.rows[UUID(task.id)] = (task, digest)
        self.records.append(record)
        self.events += events
        return True

    async def get(self, user_id: str, task_id: UUID) -> tuple[Task, bytes] | None:
        found = self.rows.get(task_id)
        return found if found and found[0].user_id == user_id else None

    async def page(
        self, user_id: str, wanted: TaskQuery, after: Position | None, limit: int
    ) -> list[Task]:
        rows = [task for task, _ in self.rows.values() if task.user_id == user_id]
        return rows[:limit]

    async def due(self, wanted: DueQuery, after: Position | None, limit: int) -> list[Task]:
        return [task for task, _ in self.rows.values()][:limit]

    async def history(
        self, user_id: str, task_id: UUID, after: int, limit: int
    ) -> list[AuditEntry]:
        return []


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


async def test_what_somebody_else_changed_meanwhile_is_kept(
    lifecycle: TaskLifecycle, repository: MemoryRepository
) -> None:
    task, _ = await lifecycle.create("ann", TaskCreate(title="x"), None)
    repository.rivals = [_retitled(repository, task.id, 2)]
    done, completed = await lifecycle.complete("ann", task.id)
    assert (done.title, done.status, done.version) == ("y", TaskStatus.COMPLETED, 3)
    assert completed


async def test_losing_again_and_again_is_a_conflict(
    lifecycle: TaskLifecycle, repository: MemoryRepository
) -> None:
    task, _ = await lifecycle.create("ann", TaskCreate(title="x"), None)
    repository.rivals = [_retitled(repository, task.id, version) for version in range(9, 1, -1)]
    with pytest.raises(ConflictError, match="try again"):
        await lifecycle.complete("ann", task.id)


async def test_a_change_meant_for_an_older_version_is_refused(
    lifecycle: TaskLifecycle, repository: MemoryRepository
) -> None:
    task, _ = await lifecycle.create("ann", TaskCreate(title="x"), None)
    wanted = TaskUpdate(title="z")
    with pytest.raises(StaleVersionError, match="version 7 was expected, the present one is 1"):
        await lifecycle.update("ann", task.id, wanted, 7)
    repository.rivals = [_retitled(repository, task.id, 2)]
    with pytest.raises(StaleVersionError):
        await lifecycle.update("ann", task.id, wanted, 1)
    updated, _ = await lifecycle.update("ann", task.id, wanted, 2)
    assert (updated.title, updated.version) == ("z", 3)


async def test_an_update_that_completes_is_announced_as_both(
    lifecycle: TaskLifecycle, repository: MemoryRepository
) -> None:
    task, _ = await lifecycle.create("ann", TaskCreate(title="x"), None)
    wanted = TaskUpdate(title="y", status=TaskStatus.COMPLETED)
    _, completed = await lifecycle.update("ann", task.id, wanted, None)
    _, again = await lifecycle.update("ann", task.id, wanted, None)
    topics = [event.topic for event in repository.events]
    assert (topics, completed, again) == (
        ["task.created", "task.updated", "task.completed"],
        True,
        False,
    )
    assert [record.action for record in repository.records] == ["created", "completed"]


async def test_losing_against_the_same_change_is_success(
    lifecycle: TaskLifecycle, repository: MemoryRepository
) -> None:
    task, _ = await lifecycle.create("ann", TaskCreate(title="x"), None)
    later = START + timedelta(seconds=1)
    repository.rivals = [repository.rows[UUID(task.id)][0].complete(later)]
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
    page = await lifecycle.page("ann", TaskQuery(limit=2))
    assert (len(page.items), page.next is None) == (2, False)
    whole = await lifecycle.page("ann", TaskQuery(limit=3))
    assert whole.next is None


def _retitled(repository: MemoryRepository, task_id: str, version: int) -> Task:
    stored = repository.rows[UUID(task_id)][0]
    later = START + timedelta(seconds=version)
    return replace(stored, title="y", version=version, updated_at=later)
