"""Milliseconds to read one task: from PostgreSQL, and from its copy through the sidecar.

DATABASE_URL=... python benchmarks/read_copy.py USER_ID TASK_ID     one table

Needs a migrated database, a sidecar, and a task that has its copy. Reads come one after another.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from rich.console import Console
from rich.table import Table

from tasks.read_copy.mode import ReadCopyMode
from tasks.read_copy.phase import Phase, PresentPhase
from tasks.read_copy.reading import CopyReader
from tasks.read_copy.reads import ReadCounts
from tasks.read_copy.records import CopyRecords
from tasks.read_copy.settings import ReadCopySettings
from tasks.repository.tasks import PostgresTaskRepository
from todo_shared.credentials import credentials_from
from todo_shared.dapr import DaprStateService, Sidecar
from todo_shared.database import Database
from todo_shared.settings import DatabaseSettings, ServiceSettings

READS: Final = 1000
WARM_UP: Final = 50


async def _timed(read: Callable[[], Awaitable[object]]) -> list[float]:
    """Milliseconds of each read, sorted."""
    for _ in range(WARM_UP):
        if await read() is None:
            sys.exit("there is no such task, or it has no copy")
    taken: list[float] = []
    for _ in range(READS):
        began = time.perf_counter()
        await read()
        taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken)


async def _run(user_id: str, task_id: UUID) -> None:
    settings = ServiceSettings.from_environment()
    copies = ReadCopySettings.from_environment()
    database = Database(
        credentials_from(DatabaseSettings.from_environment()), application="benchmark"
    )
    table = Table("mode", "p50 ms", "p99 ms")
    async with Sidecar(settings.sidecar_url, settings.sidecar_token) as sidecar:
        await database.start()
        try:
            for mode in (ReadCopyMode.POSTGRES, ReadCopyMode.STATE_FIRST, ReadCopyMode.STATE_ONLY):
                phase = PresentPhase(ReadCopyMode.STATE_ONLY)
                phase.learn(Phase(mode, datetime.now(UTC), UUID(int=0), 0, None))
                reader = CopyReader(
                    repository=PostgresTaskRepository(database),
                    store=DaprStateService(sidecar, copies.read_copy_store),
                    records=CopyRecords(database),
                    phase=phase,
                    counts=ReadCounts(),
                    seconds=2.0,
                )
                taken = await _timed(lambda reader=reader: reader.get(user_id, task_id))
                table.add_row(mode, f"{taken[READS // 2]:.2f}", f"{taken[READS * 99 // 100]:.2f}")
        finally:
            await database.stop()
    Console().print(table)


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], UUID(sys.argv[2])))
