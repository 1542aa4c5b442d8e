"""Whether the next phase may begin. Only what is admitted takes effect."""

import asyncio
import time
from typing import Final

from sqlalchemy.exc import DBAPIError

from tasks.read_copy.checks import CheckRecords
from tasks.read_copy.mode import ReadCopyMode
from tasks.read_copy.phase import Phase, PhaseRecords
from tasks.read_copy.reads import total_reads
from tasks.read_copy.records import CopyRecords
from todo_shared.database import Database
from todo_shared.failures import sqlstate

# The share of reads that copies must exceed before nothing else is read.
HIT_RATE: Final = 0.95
# Copies come and go as tasks change; one that waits longer than this has a reason.
_OVERDUE_SECONDS: Final = 10.0
_LOCK_SECONDS: Final = 1.0
_LOCK_ATTEMPTS: Final = 30
_LOCK_NOT_AVAILABLE: Final = "55P03"


class Admission:
    """Moves the phase of one database, or says why not."""

    def __init__(self, database: Database, *, min_reads: int, check_seconds: float = 240.0) -> None:
        self._database = database
        self._min_reads = min_reads
        self._check_seconds = check_seconds
        self._phases = PhaseRecords(database)
        self._records = CopyRecords(database)
        self._checks = CheckRecords(database)

    async def admit(self, wanted: ReadCopyMode) -> list[str]:
        """Begin the phase `wanted`; returns the reasons against it, none when it has begun.

        Raises UnavailableError, SQLAlchemyError.
        """
        phase = await self._phases.read()
        if wanted is phase.mode:
            return []
        reasons = await self._reasons(phase, wanted)
        if not reasons and not await self._move(phase.mode, wanted):
            reasons = [f"the phase is no longer {phase.mode}, or `tasks` is locked by others"]
        return reasons

    async def _reasons(self, phase: Phase, wanted: ReadCopyMode) -> list[str]:
        steps = wanted.step - phase.mode.step
        if steps < 0:
            return _against_return(phase.mode, wanted)
        if steps > 1:
            return [
                f"from {phase.mode} the next phase is {list(ReadCopyMode)[phase.mode.step + 1]}"
            ]
        if wanted is ReadCopyMode.DUAL_WRITE:
            return []
        reasons: list[str] = []
        if phase.backfill_finished_at is None:
            reasons.append(f"the backfill is not finished: {phase.backfilled} tasks so far")
        if wanted is ReadCopyMode.STATE_ONLY:
            reasons += await self._against_cut_over(phase)
        return reasons

    async def _against_cut_over(self, phase: Phase) -> list[str]:
        reasons: list[str] = []
        hits, misses = await total_reads(self._database, phase.since)
        reads = hits + misses
        if reads < self._min_reads:
            reasons.append(f"{reads} reads were counted, {self._min_reads} are needed")
        elif hits <= HIT_RATE * reads:
            reasons.append(f"the hit rate is {hits / reads:.2%}, it must exceed {HIT_RATE:.0%}")
        overdue = await self._records.due_count(_OVERDUE_SECONDS)
        if overdue:
            reasons.append(f"{overdue} copies have been due for more than {_OVERDUE_SECONDS:.0f} s")
        # The check is dear; what is refused anyway need not wait for it.
        return reasons or await self._against_copies()

    async def _against_copies(self) -> list[str]:
        number = await self._checks.request()
        deadline = time.monotonic() + self._check_seconds
        while (report := await self._checks.result(number)) is None:
            if time.monotonic() > deadline:
                return [f"no replica made check {number} within {self._check_seconds:.0f} s"]
            await asyncio.sleep(0.2)
        if not report.differences:
            return []
        return [
            f"copies differ from their tasks: {report.missing} missing, {report.surplus} surplus, "
            f"{report.differing} differing of {report.checked}",
            *(f"{each.kind}: {each.key}" for each in report.examples),
        ]

    async def _move(self, present: ReadCopyMode, wanted: ReadCopyMode) -> bool:
        for _ in range(_LOCK_ATTEMPTS):
            try:
                return await self._phases.move(present, wanted, _LOCK_SECONDS)
            except DBAPIError as error:
                if sqlstate(error) != _LOCK_NOT_AVAILABLE:
                    raise
            await asyncio.sleep(_LOCK_SECONDS)
        return False


def _against_return(present: ReadCopyMode, wanted: ReadCopyMode) -> list[str]:
    """A way back is never barred, but changes are noted until no replica reads copies."""
    if wanted is ReadCopyMode.POSTGRES and present is not ReadCopyMode.DUAL_WRITE:
        return [f"from {present} go back to {ReadCopyMode.DUAL_WRITE} first"]
    return []
