"""Copying the tasks that were there before copies were made, once through the table."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tasks.read_copy.copying import BatchCopying
from tasks.read_copy.mode import ReadCopyMode
from tasks.read_copy.phase import PhaseRecords
from tasks.read_copy.records import CopyRecords
from todo_shared.database import Database

_SPACE: Final = 0x07B1
_LOCK: Final = 2
_TELL_SECONDS: Final = 2.0
# Of a batch, copied at the same time: while one waits for the store the next is prepared.
_PARTS: Final = 3


class BackfillRefusedError(Exception):
    """Now is not the time; the message says why."""


@dataclass(frozen=True, slots=True)
class BackfillPace:
    """Tasks a batch, and tasks a second at most (None: as fast as it goes)."""

    batch: int = 1000
    rate: float | None = None


class Backfill:
    """Goes by the order of ids; how far it came is kept, so it may be ended at any moment."""

    def __init__(self, database: Database, records: CopyRecords, copying: BatchCopying) -> None:
        self._database = database
        self._records = records
        self._copying = copying
        self._phases = PhaseRecords(database)

    async def run(
        self, pace: BackfillPace, tell: Callable[[str], None], *, replace: bool = False
    ) -> int:
        """Copy the rest; returns how many tasks were looked at. With `replace`, copies that are
        newer than their task are written too, which is right after a restore of the database.

        Raises BackfillRefusedError, or one of COPY_ERRORS.
        """
        if (await self._phases.read()).mode is ReadCopyMode.POSTGRES:
            raise BackfillRefusedError("admit dual-write first: changes are not noted yet")
        async with self._database.listening() as session:
            mine = await session.fetch("SELECT pg_try_advisory_lock($1, $2)", _SPACE, _LOCK)
            if not mine[0][0]:
                raise BackfillRefusedError("a backfill is running")
            return await self._run(pace, tell, replace)

    async def _run(self, pace: BackfillPace, tell: Callable[[str], None], replace: bool) -> int:
        phase = await self._phases.read()
        if phase.backfill_finished_at is not None:
            tell(f"finished before: {phase.backfilled} tasks")
            return 0
        after, done, told = phase.backfill_after, 0, time.monotonic()
        began = told
        while batch := await self._records.tasks(after, pace.batch):
            # Noted before it is written: no key is in the store that is not in the index.
            await self._records.note([each.task_id for each in batch])
            parts = (batch[number::_PARTS] for number in range(_PARTS))
            await asyncio.gather(
                *(self._copying.copy(part, bury=False, replace=replace) for part in parts if part)
            )
            after = batch[-1].task_id
            await self._phases.advance_backfill(after, len(batch))
            done += len(batch)
            if time.monotonic() - told > _TELL_SECONDS:
                told = time.monotonic()
                speed = done / (told - began)
                tell(f"{phase.backfilled + done} tasks, {speed:.0f} a second, up to {after}")
            if pace.rate is not None:
                await asyncio.sleep(max(0.0, began + done / pace.rate - time.monotonic()))
        await self._phases.finish_backfill()
        tell(f"finished: {phase.backfilled + done} tasks")
        return done
