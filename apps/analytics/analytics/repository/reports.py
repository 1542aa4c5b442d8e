"""Reading the projections. A user of None means all users."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, Protocol

from sqlalchemy import RowMapping, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.models.counts import Measure
from analytics.models.histogram import BOUNDS
from analytics.models.reports import (
    Bucket,
    CompletionTimes,
    Counts,
    DayCounts,
    TaskTotals,
)
from analytics.models.tables import Schema
from analytics.repository import state
from todo_shared.database import Database

_SUMS: Final = ", ".join(f"CAST(coalesce(sum({each}), 0) AS bigint) AS {each}" for each in Measure)


def _in_each_schema(statement: str) -> Mapping[Schema, TextClause]:
    # Named and not entered: each statement commits by itself, and is repeated by itself.
    return {schema: text(statement.format(schema=schema.value)) for schema in Schema}


_MINE: Final = "(CAST(:user_id AS text) IS NULL OR user_id = :user_id)"
_COUNTS: Final = _in_each_schema(f"""
    SELECT {_SUMS} FROM {{schema}}.daily_counts
    WHERE {_MINE} AND day BETWEEN :first AND :last
""")  # noqa: S608 - names of columns
_DAYS: Final = _in_each_schema(f"""
    SELECT day, {_SUMS} FROM {{schema}}.daily_counts
    WHERE {_MINE} AND day BETWEEN :first AND :last
    GROUP BY day ORDER BY day
""")  # noqa: S608 - names of columns
_TASKS: Final = _in_each_schema(f"""
    SELECT
        count(*) FILTER (WHERE deleted_at IS NULL AND completed_at IS NULL) AS open,
        count(*) FILTER (WHERE deleted_at IS NULL AND completed_at IS NOT NULL) AS completed,
        count(deleted_at) AS deleted
    FROM {{schema}}.tasks WHERE {_MINE}
""")  # noqa: S608 - a literal of this module
_ACTIVE_SERIES: Final = _in_each_schema(f"""
    SELECT count(*) AS number FROM {{schema}}.series WHERE {_MINE} AND active
""")  # noqa: S608 - a literal of this module
_BUCKETS: Final = _in_each_schema(f"""
    SELECT completion_bucket AS place, count(*) AS tasks FROM {{schema}}.tasks
    WHERE {_MINE} AND completion_bucket IS NOT NULL GROUP BY completion_bucket
""")  # noqa: S608 - a literal of this module
_USERS: Final = _in_each_schema("""
    SELECT CAST(coalesce(sum(registrations), 0) AS bigint) AS number FROM {schema}.daily_counts
""")


class ReportRepository(Protocol):
    """What is read back; all methods raise UnavailableError."""

    async def counts(self, user_id: str | None, first: date, last: date) -> Counts:
        """What happened from the first to the last day."""
        ...

    async def days(self, user_id: str | None, first: date, last: date) -> list[DayCounts]:
        """What happened on each day on which something did, in order."""
        ...

    async def tasks(self, user_id: str | None) -> TaskTotals:
        """How many tasks are in each state now."""
        ...

    async def active_series(self, user_id: str | None) -> int:
        """How many recurring tasks are active now."""
        ...

    async def completion_times(self, user_id: str | None) -> CompletionTimes:
        """How long tasks took."""
        ...

    async def users(self) -> int:
        """How many registrations were told."""
        ...

    async def rebuilding(self) -> bool:
        """Whether a rebuild has begun and is not finished."""
        ...


class PostgresReportRepository:
    """ReportRepository over a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self, user_id: str | None, first: date, last: date) -> Counts:
        """See ReportRepository."""
        rows = await self._read(_COUNTS, user_id=user_id, first=first, last=last)
        return Counts.model_validate(dict(rows[0]))

    async def days(self, user_id: str | None, first: date, last: date) -> list[DayCounts]:
        """See ReportRepository."""
        rows = await self._read(_DAYS, user_id=user_id, first=first, last=last)
        return [DayCounts.model_validate(dict(row)) for row in rows]

    async def tasks(self, user_id: str | None) -> TaskTotals:
        """See ReportRepository."""
        rows = await self._read(_TASKS, user_id=user_id)
        return TaskTotals.model_validate(dict(rows[0]))

    async def active_series(self, user_id: str | None) -> int:
        """See ReportRepository."""
        return (await self._read(_ACTIVE_SERIES, user_id=user_id))[0]["number"]

    async def completion_times(self, user_id: str | None) -> CompletionTimes:
        """See ReportRepository."""
        found = {row["place"]: row["tasks"] for row in await self._read(_BUCKETS, user_id=user_id)}
        buckets = [
            Bucket(below_seconds=bound, tasks=found.get(place, 0))
            for place, bound in enumerate((*BOUNDS, None))
        ]
        return CompletionTimes(tasks=sum(found.values()), buckets=buckets)

    async def users(self) -> int:
        """See ReportRepository."""
        return (await self._read(_USERS))[0]["number"]

    async def rebuilding(self) -> bool:
        """See ReportRepository."""
        return (await self._database.run(state.read)).shadow is not None

    async def _read(
        self, statements: Mapping[Schema, TextClause], **values: Any
    ) -> Sequence[RowMapping]:
        async def work(connection: AsyncConnection) -> Sequence[RowMapping]:
            active = (await state.read(connection)).active
            return (await connection.execute(statements[active], values)).mappings().all()

        return await self._database.run(work)
