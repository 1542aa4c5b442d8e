"""Checks that are asked for in PostgreSQL and made by a replica, which has a sidecar.

So a job that has none can have all copies checked.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from pydantic_core import to_json
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tasks.read_copy.consistency import ConsistencyReport
from todo_shared.database import Database

_REQUEST: Final = text("INSERT INTO read_copy_checks DEFAULT VALUES RETURNING id")
_REQUEST_REGULAR: Final = text("""
    INSERT INTO read_copy_checks (requested_at)
    SELECT clock_timestamp() WHERE NOT EXISTS (
        SELECT FROM read_copy_checks
        WHERE requested_at > clock_timestamp() - make_interval(secs => :seconds)
    )
""")
# One that was begun long ago was begun by a replica that is no more.
_TAKE: Final = text("""
    UPDATE read_copy_checks SET started_at = clock_timestamp()
    WHERE id = (
        SELECT id FROM read_copy_checks
        WHERE finished_at IS NULL
          AND (started_at IS NULL OR started_at < clock_timestamp() - interval '5 minutes')
        ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id
""")
_FINISH: Final = text("""
    UPDATE read_copy_checks
    SET finished_at = clock_timestamp(), report = CAST(:report AS jsonb) WHERE id = :id
""")
_RESULT: Final = text("""
    SELECT CAST(report AS text) FROM read_copy_checks WHERE id = :id AND finished_at IS NOT NULL
""")
_LAST: Final = text("""
    SELECT finished_at, CAST(report AS text) FROM read_copy_checks
    WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT 1
""")


class CheckRecords:
    """The table `read_copy_checks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def request(self) -> int:
        """Ask for a check; returns its number."""
        return int(await self._one(_REQUEST, {}, _first_column))

    async def request_regular(self, seconds: float) -> None:
        """Ask for a check unless somebody did so in the last `seconds`."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(_REQUEST_REGULAR, {"seconds": seconds})

        await self._database.run(work)

    async def take(self) -> int | None:
        """A check that waits and is now the caller's to make."""
        return await self._one(_TAKE, {}, _first_column)

    async def finish(self, number: int, report: ConsistencyReport) -> None:
        """Tell what the check found."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(_FINISH, {"id": number, "report": to_json(report).decode()})

        await self._database.run(work)

    async def result(self, number: int) -> ConsistencyReport | None:
        """What the check found, None while it is not finished."""
        found = await self._one(_RESULT, {"id": number}, _first_column)
        return None if found is None else ConsistencyReport.model_validate_json(found)

    async def last(self) -> tuple[datetime, ConsistencyReport] | None:
        """When the last check ended, and what it found."""
        row = await self._one(_LAST, {}, tuple)
        return None if row is None else (row[0], ConsistencyReport.model_validate_json(row[1]))

    async def _one(
        self, statement: TextClause, values: dict[str, Any], of: Callable[[Any], Any]
    ) -> Any:
        async def work(connection: AsyncConnection) -> Any:
            row = (await connection.execute(statement, values)).first()
            return None if row is None else of(row)

        return await self._database.run(work)


def _first_column(row: Any) -> Any:
    return row[0]
