"""Tasks: stored with their history and their events, read by their user."""

from collections.abc import Sequence
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tasks.models.audit import AuditRecord
from tasks.models.task import Task
from tasks.repository import task_lists
from tasks.repository.audit import RECORD, audit_values, entry_of
from tasks.repository.position import Position
from tasks.repository.task_rows import COLUMNS, task_of, task_values
from todo_shared.database import Database
from todo_shared.events.envelope import NewEvent
from todo_shared.models import AuditEntry, DueQuery, TaskQuery
from todo_shared.outbox import event_parameters, with_event

_INSERT: Final = with_event(
    """
    INSERT INTO tasks (id, user_id, title, description, status, due_date, created_at, updated_at,
                       version, request_digest)
    VALUES (:id, :user_id, :title, :description, :status, :due_date, :created_at, :updated_at,
            :version, :request_digest)
    ON CONFLICT (id) DO NOTHING
    RETURNING user_id
    """,
    RECORD,
)
_SAVE: Final = with_event(
    """
    UPDATE tasks
    SET title = :title, description = :description, status = :status, due_date = :due_date,
        completed_at = :completed_at, deleted_at = :deleted_at, updated_at = :updated_at,
        version = :version
    WHERE id = :id AND user_id = :user_id AND version = :version - 1
    RETURNING user_id
    """,
    RECORD,
)
_GET: Final = text(
    f"SELECT {COLUMNS}, request_digest FROM tasks WHERE id = :id AND user_id = :user_id"  # noqa: S608
)
_HISTORY: Final = text("""
    SELECT task_id, version, actor, action, CAST(changes AS text) AS changes, at, trace_id
    FROM task_audit
    WHERE task_id = :id AND user_id = :user_id AND version > :after
    ORDER BY version LIMIT :limit
""")


class TaskRepository(Protocol):
    """What the service needs of its storage."""

    async def add(
        self, task: Task, request_digest: bytes, record: AuditRecord, event: NewEvent
    ) -> bool:
        """Store a new task with its event; False when a task with this id exists already."""
        ...

    async def save(self, task: Task, record: AuditRecord, events: Sequence[NewEvent]) -> bool:
        """Store the next version of a task; False when somebody else changed it meanwhile."""
        ...

    async def get(self, user_id: str, task_id: UUID) -> tuple[Task, bytes] | None:
        """A task of the user, deleted or not, with the digest of the request that made it."""
        ...

    async def page(
        self, user_id: str, wanted: TaskQuery, after: Position | None, limit: int
    ) -> list[Task]:
        """Tasks of the user that are not deleted and match, in the order that is wanted."""
        ...

    async def due(self, wanted: DueQuery, after: Position | None, limit: int) -> list[Task]:
        """Pending tasks of all users that are due before a moment, the earliest first."""
        ...

    async def history(
        self, user_id: str, task_id: UUID, after: int, limit: int
    ) -> list[AuditEntry]:
        """The changes of a task of the user behind version `after`, oldest first."""
        ...


class PostgresTaskRepository:
    """TaskRepository over a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, task: Task, request_digest: bytes, record: AuditRecord, event: NewEvent
    ) -> bool:
        """See TaskRepository."""
        values: dict[str, Any] = {
            **task_values(task),
            **audit_values(record),
            **event_parameters(event),
            "request_digest": request_digest,
        }

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(_INSERT, values)).first() is not None

        return await self._database.run(work)

    async def save(self, task: Task, record: AuditRecord, events: Sequence[NewEvent]) -> bool:
        """See TaskRepository."""
        values: dict[str, Any] = {
            **task_values(task),
            **audit_values(record),
            **event_parameters(*events),
        }

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(_SAVE, values)).first() is not None

        return await self._database.run(work)

    async def get(self, user_id: str, task_id: UUID) -> tuple[Task, bytes] | None:
        """See TaskRepository."""

        async def work(connection: AsyncConnection) -> tuple[Task, bytes] | None:
            result = await connection.execute(_GET, {"id": task_id, "user_id": user_id})
            row = result.first()
            return None if row is None else (task_of(row), bytes(row.request_digest))

        return await self._database.run(work)

    async def page(
        self, user_id: str, wanted: TaskQuery, after: Position | None, limit: int
    ) -> list[Task]:
        """See TaskRepository."""
        return await self._list(task_lists.of_user(user_id, wanted, after, limit))

    async def due(self, wanted: DueQuery, after: Position | None, limit: int) -> list[Task]:
        """See TaskRepository."""
        return await self._list(task_lists.due(wanted, after, limit))

    async def history(
        self, user_id: str, task_id: UUID, after: int, limit: int
    ) -> list[AuditEntry]:
        """See TaskRepository."""
        values = {"id": task_id, "user_id": user_id, "after": after, "limit": limit}

        async def work(connection: AsyncConnection) -> list[AuditEntry]:
            return [entry_of(row) for row in await connection.execute(_HISTORY, values)]

        return await self._database.run(work)

    async def _list(self, statement: task_lists.Statement) -> list[Task]:
        async def work(connection: AsyncConnection) -> list[Task]:
            return [task_of(row) for row in await connection.execute(*statement)]

        return await self._database.run(work)
