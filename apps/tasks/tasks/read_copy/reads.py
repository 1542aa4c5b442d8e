"""How often a read of one task was answered by its copy."""

from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tasks.read_copy.metrics import COPY_READS
from tasks.read_copy.mode import ReadCopyMode
from todo_shared.database import Database

_ADD: Final = text("""
    INSERT INTO read_copy_reads AS counted (since, day, hits, misses)
    VALUES (:since, CAST(clock_timestamp() AT TIME ZONE 'UTC' AS date), :hits, :misses)
    ON CONFLICT (since, day) DO UPDATE
    SET hits = counted.hits + EXCLUDED.hits, misses = counted.misses + EXCLUDED.misses
""")
_TOTAL: Final = text("""
    SELECT CAST(coalesce(sum(hits), 0) AS bigint), CAST(coalesce(sum(misses), 0) AS bigint)
    FROM read_copy_reads WHERE since = :since
""")


class ReadCounts:
    """Hits and misses of this replica in the phase that counts them, until they are flushed."""

    def __init__(self) -> None:
        self._hits = 0
        self._misses = 0

    def count(self, mode: ReadCopyMode, *, hit: bool) -> None:
        """One more read of a task that exists."""
        COPY_READS.labels(mode.value, "hit" if hit else "miss").inc()
        if mode is ReadCopyMode.STATE_FIRST:
            self._hits += hit
            self._misses += not hit

    async def flush(self, database: Database, since: datetime) -> None:
        """Add what was counted to the day in PostgreSQL.

        When that fails it is forgotten: a read must not count twice.
        """
        hits, misses = self._hits, self._misses
        if not hits and not misses:
            return
        self._hits = self._misses = 0
        values = {"since": since, "hits": hits, "misses": misses}
        async with database.transaction() as connection:
            await connection.execute(_ADD, values)


async def total_reads(database: Database, since: datetime) -> tuple[int, int]:
    """Hits and misses of all replicas in the phase that began at `since`."""

    async def work(connection: AsyncConnection) -> tuple[int, int]:
        row = (await connection.execute(_TOTAL, {"since": since})).one()
        return row[0], row[1]

    return await database.run(work)
