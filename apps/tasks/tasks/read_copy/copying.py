"""Writing copies: one right after its change, many when they are due or filled in."""

import asyncio
import logging
from collections.abc import Sequence
from operator import attrgetter
from typing import Final
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from tasks.models.task import Task
from tasks.read_copy.metrics import COPY_WRITES
from tasks.read_copy.mode import ReadCopyMode
from tasks.read_copy.phase import PresentPhase
from tasks.read_copy.records import CopyRecords, Noted
from tasks.read_copy.store import CopyStore, put_newer
from tasks.read_copy.task_copy import TaskCopy, copy_key, needed_write
from todo_shared.dapr import SidecarError, StateConflictError, StateStore
from todo_shared.errors import UnavailableError
from todo_shared.listening import DRIVER_ERRORS

_log = logging.getLogger(__name__)

_ATTEMPTS: Final = 10
COPY_ERRORS: Final = (SidecarError, UnavailableError, SQLAlchemyError, *DRIVER_ERRORS)


class ImmediateCopying:
    """The copy of a change, made before its request is answered, so that the user reads it."""

    def __init__(
        self, store: StateStore, records: CopyRecords, phase: PresentPhase, seconds: float
    ) -> None:
        self._store = store
        self._records = records
        self._phase = phase
        self._seconds = seconds

    async def copy(self, task: Task) -> None:
        """Copy `task` if that can be done in time; otherwise it stays due and no more is said."""
        if self._phase.mode is ReadCopyMode.POSTGRES:
            return
        try:
            async with asyncio.timeout(self._seconds):
                await put_newer(self._store, copy_key(task.user_id, task.id), TaskCopy.of(task))
                await self._records.done({UUID(task.id): task.version})
        except COPY_ERRORS as error:
            COPY_WRITES.labels("late").inc()
            _log.info("a copy is left to the worker: %s", error)
        else:
            COPY_WRITES.labels("immediate").inc()


class BatchCopying:
    """Copies of many tasks in one transaction of the store.

    The store is read first, then the truth, and written only where nobody wrote meanwhile. So who
    writes last has also seen the last truth, however long anybody was held up.
    """

    def __init__(self, store: CopyStore, records: CopyRecords) -> None:
        self._store = store
        self._records = records

    async def copy(
        self, noted: Sequence[Noted], *, bury: bool = True, replace: bool = False
    ) -> int:
        """Bring the copies of these tasks to the truth; returns how many were written.

        Raises one of COPY_ERRORS; then some may have been written.
        """
        # In one order everywhere: two batches with common keys must not wait for each other.
        ordered = sorted(noted, key=attrgetter("task_id"))
        return await self._copy(ordered, bury, replace, _ATTEMPTS)

    async def _copy(self, noted: Sequence[Noted], bury: bool, replace: bool, attempts: int) -> int:
        keys = {each.task_id: copy_key(each.user_id, each.task_id) for each in noted}
        held = await self._store.get_many(list(keys.values()))
        truths = await self._records.truths(list(keys))
        # Who removes a row by hand leaves a note of the version after its last.
        gone = {each.task_id: TaskCopy(each.version, None) for each in noted}
        present = gone | truths
        writes = [
            write
            for task_id, key in keys.items()
            if (
                write := needed_write(
                    key, present[task_id], held.get(key), bury=bury, replace=replace
                )
            )
        ]
        try:
            if writes:
                await self._store.transact(writes)
        except StateConflictError:
            # Somebody wrote one of them meanwhile: halves find out which, and look again.
            if attempts == 0:
                raise
            half = len(noted) // 2
            parts = [part for part in (noted[:half], noted[half:]) if part]
            left = attempts - 1 if len(noted) == 1 else attempts
            return sum([await self._copy(part, bury, replace, left) for part in parts])
        await self._records.done({task_id: copy.version for task_id, copy in present.items()})
        COPY_WRITES.labels("batch").inc(len(writes))
        return len(writes)
