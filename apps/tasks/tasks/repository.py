"""Tasks in PostgreSQL. The only module of the service that speaks SQL.

Each write is one statement and one round trip: the row, the user's sequence number, the event and
the wake-up of the relay. All of it may be repeated, so a connection that breaks costs no request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tasks.models.task import Task
from todo_shared.database import Database
from todo_shared.events.envelope import NewEvent
from todo_shared.models import TaskStatus
from todo_shared.outbox import event_parameters, with_event

_COLUMNS: Final = (
    "id, user_id, title, description, status, due_date, created_at, updated_at, completed_at, "
    "deleted_at, version"
)

_INSERT: Final = with_event(f"""
    INSERT INTO tasks ({_COLUMNS}, request_digest)
    VALUES (:id, :user_id, :title, :description, :status, :due_date, :created_at, :updated_at,
            NULL, NULL, 1, :request_digest)
    ON CONFLICT (id) DO NOTHING
    RETURNING user_id
""")  # noqa: S608 - a literal of this module
_SAVE: Final = with_event("""
    UPDATE tasks
    SET status = :status, completed_at = :completed_at, deleted_at = :deleted_at,
        updated_at = :updated_at, version = :version
    WHERE id = :id AND user_id = :user_id AND version = :version - 1
    RETURNING user_id
""")
_GET: Final = text(
    f"SELECT {_COLUMNS}, request_digest FROM tasks WHERE id = :id AND user_id = :user_id"  # noqa: S608
)
_LIST: Final = text(f"""
    SELECT {_COLUMNS} FROM tasks
    WHERE user_id = :user_id AND deleted_at IS NULL
      AND (CAST(:status AS text) IS NULL OR status = :status)
      AND (CAST(:after_id AS uuid) IS NULL
           OR (created_at, id) < (CAST(:after_time AS timestamptz), CAST(:after_id AS uuid)))
    ORDER BY created_at DESC, id DESC LIMIT :limit
""")  # noqa: S608 - a literal of this module


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page of tasks ended."""

    created_at: datetime
    id: UUID


class TaskRepository(Protocol):
    """What the service needs of its storage."""

    async def add(self, task: Task, request_digest: bytes, event: NewEvent) -> bool:
        """Store a new task with its event; False when a task with this id exists already."""
        ...

    async def save(self, task: Task, event: NewEvent) -> bool:
        """Store the next version of a task; False when somebody else changed it meanwhile."""
        ...

    async def get(self, user_id: str, task_id: UUID) -> tuple[Task, bytes] | None:
        """A task of the user, deleted or not, with the digest of the request that made it."""
        ...

    async def page(
        self, user_id: str, status: TaskStatus | None, after: Position | None, limit: int
    ) -> list[Task]:
        """Tasks of the user that are not deleted, newest first."""
        ...


class PostgresTaskRepository:
    """TaskRepository over a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, task: Task, request_digest: bytes, event: NewEvent) -> bool:
        """See TaskRepository."""
        values = _values(task) | {"request_digest": request_digest} | event_parameters(event)

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(_INSERT, values)).first() is not None

        return await self._database.run(work)

    async def save(self, task: Task, event: NewEvent) -> bool:
        """See TaskRepository."""
        values = _values(task) | event_parameters(event)

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(_SAVE, values)).first() is not None

        return await self._database.run(work)

    async def get(self, user_id: str, task_id: UUID) -> tuple[Task, bytes] | None:
        """See TaskRepository."""

        async def work(connection: AsyncConnection) -> tuple[Task, bytes] | None:
            result = await connection.execute(_GET, {"id": task_id, "user_id": user_id})
            row = result.first()
            return None if row is None else (_task(row), bytes(row.request_digest))

        return await self._database.run(work)

    async def page(
        self, user_id: str, status: TaskStatus | None, after: Position | None, limit: int
    ) -> list[Task]:
        """See TaskRepository."""
        values: Mapping[str, Any] = {
            "user_id": user_id,
            "status": status,
            "after_time": after.created_at if after else None,
            "after_id": after.id if after else None,
            "limit": limit,
        }

        async def work(connection: AsyncConnection) -> list[Task]:
            return [_task(row) for row in await connection.execute(_LIST, values)]

        return await self._database.run(work)


def _values(task: Task) -> dict[str, Any]:
    return {
        "id": UUID(task.id),
        "user_id": task.user_id,
        "title": task.title,
        "description": task.description,
        "status": task.status.value,
        "due_date": task.due_date,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "completed_at": task.completed_at,
        "deleted_at": task.deleted_at,
        "version": task.version,
    }


def _task(row: Row[Any]) -> Task:
    return Task(
        id=str(row.id),
        user_id=row.user_id,
        title=row.title,
        description=row.description,
        status=TaskStatus(row.status),
        due_date=row.due_date,
        created_at=row.created_at,
        updated_at=row.updated_at,
        completed_at=row.completed_at,
        deleted_at=row.deleted_at,
        version=row.version,
    )
