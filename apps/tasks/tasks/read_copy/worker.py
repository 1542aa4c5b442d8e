"""The background work of a replica: copies that are due, counts, and checks."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy import text

from tasks.read_copy.checks import CheckRecords
from tasks.read_copy.consistency import ConsistencyCheck
from tasks.read_copy.copying import COPY_ERRORS, BatchCopying
from tasks.read_copy.metrics import COPIES_DUE, COPY_DIFFERENCES
from tasks.read_copy.mode import ReadCopyMode
from tasks.read_copy.phase import PhaseRecords, PresentPhase
from tasks.read_copy.reads import ReadCounts
from tasks.read_copy.records import CopyRecords
from tasks.read_copy.settings import ReadCopySettings
from todo_shared.database import Database

_log = logging.getLogger(__name__)

_BATCH: Final = 200
# A request may still be making the copy itself for as long as this.
GRACE_SECONDS: Final = 2.0
# One replica at a time, or each would copy the same. No rows are locked: a request that changes a
# task must not wait for a copy.
_TURN: Final = text("SELECT pg_try_advisory_xact_lock(:space, :lock)")
_SPACE: Final = 0x07B1
_LOCK: Final = 1


class CopyWorker:
    """Runs until `stop`; nothing that is away for a while ends it."""

    def __init__(
        self,
        *,
        database: Database,
        records: CopyRecords,
        copying: BatchCopying,
        check: ConsistencyCheck,
        phase: PresentPhase,
        counts: ReadCounts,
        settings: ReadCopySettings,
    ) -> None:
        self._database = database
        self._records = records
        self._copying = copying
        self._check = check
        self._phases = PhaseRecords(database)
        self._checks = CheckRecords(database)
        self._phase = phase
        self._counts = counts
        self._poll_seconds = settings.read_copy_poll_seconds
        self._check_seconds = settings.read_copy_check_hours * 3600
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Let `run` return after what is in hand."""
        self._stopping.set()

    async def run(self) -> None:
        """Copy what is due and make the checks that are asked for."""
        checking = asyncio.create_task(self._repeat(self._check_one), name="read-copy-checks")
        try:
            await self._repeat(self._copy_due)
        finally:
            # A check may take minutes; whoever asked for it asks the replicas that remain.
            checking.cancel()
            await asyncio.gather(checking, return_exceptions=True)
        await self._guarded(self._flush)

    async def _repeat(self, work: Callable[[], Awaitable[None]]) -> None:
        while not self._stopping.is_set():
            await self._guarded(work)
            try:
                await asyncio.wait_for(self._stopping.wait(), self._poll_seconds)
            except TimeoutError:
                continue

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except COPY_ERRORS as error:
            _log.warning("copies in the state store have to wait: %s", error)

    async def _copy_due(self) -> None:
        # What was counted belongs to the phase that was known until now.
        await self._flush()
        self._phase.learn(await self._phases.read())
        if self._phase.mode is ReadCopyMode.POSTGRES:
            return
        COPIES_DUE.set(await self._records.due_count())
        async with self._database.transaction() as connection:
            values = {"space": _SPACE, "lock": _LOCK}
            if not (await connection.execute(_TURN, values)).scalar_one():
                return
            while not self._stopping.is_set():
                due = await self._records.due(GRACE_SECONDS, _BATCH)
                if due:
                    await self._copying.copy(due)
                if len(due) < _BATCH:
                    return

    async def _flush(self) -> None:
        if self._phase.since is not None:
            await self._counts.flush(self._database, self._phase.since)

    async def _check_one(self) -> None:
        if self._phase.mode is ReadCopyMode.POSTGRES:
            return
        await self._checks.request_regular(self._check_seconds)
        number = await self._checks.take()
        if number is None:
            return
        report = await self._check.run()
        await self._checks.finish(number, report)
        COPY_DIFFERENCES.set(report.differences)
        _log.log(
            logging.WARNING if report.differences else logging.INFO,
            "copies were checked: %s missing, %s surplus, %s differing of %s",
            *(report.missing, report.surplus, report.differing, report.checked),
        )
