"""Comparing two sets of projections, and carrying over what cannot be told again.

Both need the lock of repository.state alone, and may take long.
"""

from datetime import date
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.models.comparison import TableComparison
from analytics.models.counts import Measure
from analytics.models.tables import Schema
from analytics.repository.projecting import JOIN_TASKS

PATIENCE_SECONDS: Final = 600.0

_MEASURES: Final = ", ".join(Measure)
_TASK: Final = "task_id, user_id, created_at, completed_at, completion_seq, deleted_at"
_COMPARED: Final = {
    "daily_counts": ("user_id, day", tuple(Measure)),
    "tasks": ("task_id", tuple(_TASK.split(", ")[1:])),
    "series": ("series_id", ("user_id", "version", "active")),
}


async def compare(
    connection: AsyncConnection, before: Schema, after: Schema
) -> list[TableComparison]:
    """How the projections of `after` differ from those of `before`."""
    found: list[TableComparison] = []
    for table, (key, columns) in _COMPARED.items():
        left = ", ".join(f"old.{column}" for column in columns)
        right = ", ".join(f"new.{column}" for column in columns)
        # The first column is never null in a row that exists.
        present = columns[0]
        statement = f"""
            SELECT
                count(*) FILTER (WHERE ({left}) IS NOT DISTINCT FROM ({right})) AS same,
                count(*) FILTER (WHERE old.{present} IS NULL) AS only_after,
                count(*) FILTER (WHERE new.{present} IS NULL) AS only_before,
                count(*) AS total
            FROM {before}.{table} AS old FULL JOIN {after}.{table} AS new USING ({key})
        """  # noqa: S608 - names of columns and schemas
        (row,) = await _patiently(connection, statement)
        alone = row["only_before"] + row["only_after"]
        found.append(
            TableComparison(
                table,
                same=row["same"],
                different=row["total"] - row["same"] - alone,
                only_before=row["only_before"],
                only_after=row["only_after"],
            )
        )
    return found


async def carry_over(
    connection: AsyncConnection, before: Schema, after: Schema, horizon: date
) -> None:
    """Complete `after` with what happened before `horizon`, which only `before` still knows.

    Of tasks and series it is what no retained event tells from the beginning. What was seen before
    counts as seen after, so that a late repeat is not counted again.
    """
    # greatest(): both may miss events that the other one has seen, and none has seen too many.
    counts = f"""
        INSERT INTO {after}.daily_counts AS known (user_id, day, {_MEASURES})
        SELECT user_id, day, {_MEASURES} FROM {before}.daily_counts WHERE day < $1
        ON CONFLICT (user_id, day) DO UPDATE SET
            {", ".join(f"{each} = greatest(known.{each}, EXCLUDED.{each})" for each in Measure)}
    """  # noqa: S608 - names of columns and schemas
    tasks = f"""
        INSERT INTO {after}.tasks AS known ({_TASK})
        SELECT {_TASK} FROM {before}.tasks AS old
        WHERE NOT EXISTS (
            SELECT FROM {after}.tasks AS new
            WHERE new.task_id = old.task_id AND new.created_at IS NOT NULL
        )
        {JOIN_TASKS}
    """  # noqa: S608 - names of columns and schemas
    await _patiently(connection, counts, horizon)
    await _patiently(connection, tasks)
    for table in ("series", "event_inbox"):
        await _patiently(
            connection,
            f"INSERT INTO {after}.{table} SELECT * FROM {before}.{table} ON CONFLICT DO NOTHING",  # noqa: S608 - names of tables and schemas
        )


async def _patiently(connection: AsyncConnection, statement: str, *values: Any) -> list[Any]:
    # Past the limit for statements of requests, in the same transaction.
    driver: Any = (await connection.get_raw_connection()).driver_connection
    return await driver.fetch(statement, *values, timeout=PATIENCE_SECONDS)
