"""What PostgreSQL knows of the copies: which there are, and which may be behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tasks.read_copy.task_copy import TaskCopy
from tasks.repository.task_rows import COLUMNS, task_of
from todo_shared.database import Database

_VERSION: Final = text(
    "SELECT version FROM read_copies WHERE task_id = :task_id AND user_id = :user_id"
)
# A change is first copied by the request that made it: only what that one left behind is taken.
_DUE: Final = text("""
    SELECT task_id, user_id, version FROM read_copies
    WHERE due_since < clock_timestamp() - make_interval(secs => :seconds)
    ORDER BY due_since LIMIT :limit
""")
_DUE_COUNT: Final = text("""
    SELECT count(*) FROM read_copies
    WHERE due_since < clock_timestamp() - make_interval(secs => :seconds)
""")
_DONE: Final = text("""
    UPDATE read_copies SET due_since = NULL
    FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS integer[])) AS done(id, version)
    WHERE task_id = done.id AND read_copies.version = done.version AND due_since IS NOT NULL
""")
_TRUTH: Final = text(f"SELECT {COLUMNS} FROM tasks WHERE id = ANY(:ids)")  # noqa: S608
_TASKS: Final = text(
    "SELECT id, user_id, version FROM tasks WHERE id > :after ORDER BY id LIMIT :n"
)
_GONE: Final = text("""
    SELECT task_id, user_id, version FROM read_copies
    WHERE task_id > :after AND NOT EXISTS (SELECT FROM tasks WHERE id = task_id)
    ORDER BY task_id LIMIT :n
""")
_NOTE: Final = text("""
    INSERT INTO read_copies AS noted (task_id, user_id, version)
    SELECT id, user_id, version FROM tasks WHERE id = ANY(:ids) ORDER BY id
    ON CONFLICT (task_id) DO UPDATE SET version = EXCLUDED.version
    WHERE noted.version < EXCLUDED.version
""")


@dataclass(frozen=True, slots=True)
class Noted:
    """A task that has, or may have, a copy, and its version as far as known."""

    task_id: UUID
    user_id: str
    version: int


class CopyRecords:
    """`read_copies` beside the tasks themselves."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def version(self, user_id: str, task_id: UUID) -> int | None:
        """The version that the copy should have at least; None when there need not be one."""

        async def work(connection: AsyncConnection) -> int | None:
            values = {"task_id": task_id, "user_id": user_id}
            return (await connection.execute(_VERSION, values)).scalar_one_or_none()

        return await self._database.run(work)

    async def due(self, seconds: float, limit: int) -> list[Noted]:
        """Copies that have been behind for `seconds`, the longest first."""

        async def work(connection: AsyncConnection) -> list[Noted]:
            values = {"seconds": seconds, "limit": limit}
            return [Noted(*row) for row in await connection.execute(_DUE, values)]

        return await self._database.run(work)

    async def due_count(self, seconds: float = 0.0) -> int:
        """How many copies have been behind for `seconds`."""

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(_DUE_COUNT, {"seconds": seconds})).scalar_one()

        return await self._database.run(work)

    async def done(self, copied: Mapping[UUID, int]) -> None:
        """These versions are in the store; what has changed meanwhile stays due."""
        ordered = sorted(copied.items())
        values = {
            "ids": [task_id for task_id, _ in ordered],
            "versions": [version for _, version in ordered],
        }

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(_DONE, values)

        await self._database.run(work)

    async def truths(self, ids: Sequence[UUID]) -> dict[UUID, TaskCopy]:
        """What the copies of these tasks should be; tasks that are not there are left out."""

        async def work(connection: AsyncConnection) -> dict[UUID, TaskCopy]:
            rows = await connection.execute(_TRUTH, {"ids": list(ids)})
            return {UUID(str(row.id)): TaskCopy.of(task_of(row)) for row in rows}

        return await self._database.run(work)

    async def tasks(self, after: UUID, limit: int) -> list[Noted]:
        """Tasks behind `after` in the order of their ids."""

        async def work(connection: AsyncConnection) -> list[Noted]:
            rows = await connection.execute(_TASKS, {"after": after, "n": limit})
            return [Noted(*row) for row in rows]

        return await self._database.run(work)

    async def gone(self, after: UUID, limit: int) -> list[Noted]:
        """Tasks that have no row any more but may have a copy, in the order of their ids."""

        async def work(connection: AsyncConnection) -> list[Noted]:
            rows = await connection.execute(_GONE, {"after": after, "n": limit})
            return [Noted(*row) for row in rows]

        return await self._database.run(work)

    async def note(self, ids: Sequence[UUID]) -> None:
        """From now on these tasks may have a copy."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(_NOTE, {"ids": list(ids)})

        await self._database.run(work)
