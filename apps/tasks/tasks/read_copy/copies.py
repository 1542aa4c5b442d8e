"""The copies put together for a running service."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from tasks.read_copy.consistency import ConsistencyCheck
from tasks.read_copy.copying import BatchCopying, ImmediateCopying
from tasks.read_copy.mode import ReadCopyMode
from tasks.read_copy.phase import PresentPhase
from tasks.read_copy.reading import CopyReader
from tasks.read_copy.reads import ReadCounts
from tasks.read_copy.records import CopyRecords
from tasks.read_copy.repositories import CopyingRecurringTaskRepository, CopyingTaskRepository
from tasks.read_copy.settings import ReadCopySettings
from tasks.read_copy.worker import CopyWorker
from todo_shared.dapr import DaprStateService, Sidecar
from todo_shared.database import Database

# For whole batches, of which no request waits.
BATCH_SECONDS: Final = 20.0


class ReadCopies:
    """What a service needs of the copies: repositories, a reader, and work in the background."""

    def __init__(self, database: Database, sidecar: Sidecar, settings: ReadCopySettings) -> None:
        seconds = settings.read_copy_seconds
        store = DaprStateService(sidecar, settings.read_copy_store, seconds)
        batches = DaprStateService(sidecar, settings.read_copy_store, BATCH_SECONDS)
        records = CopyRecords(database)
        phase, counts = PresentPhase(settings.read_copy_mode), ReadCounts()
        copying = ImmediateCopying(store, records, phase, seconds)
        self.phase = phase
        self.tasks = CopyingTaskRepository(database, copying)
        self.recurring_tasks = CopyingRecurringTaskRepository(database, copying)
        self.reader = CopyReader(
            repository=self.tasks,
            store=store,
            records=records,
            phase=phase,
            counts=counts,
            seconds=seconds,
        )
        self._wanted = settings.read_copy_mode
        self._worker = CopyWorker(
            database=database,
            records=records,
            copying=BatchCopying(batches, records),
            check=ConsistencyCheck(batches, records),
            phase=phase,
            counts=counts,
            settings=settings,
        )

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """The background work, while the database is up; none in the mode `postgres`."""
        if self._wanted is ReadCopyMode.POSTGRES:
            yield
            return
        working = asyncio.create_task(self._worker.run(), name="read-copies")
        try:
            yield
        finally:
            self._worker.stop()
            await working
