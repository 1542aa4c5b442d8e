"""Reading one task, from where the phase says."""

import asyncio
import logging
from uuid import UUID

from tasks.models.task import Task
from tasks.read_copy.mode import ReadCopyMode
from tasks.read_copy.phase import PresentPhase
from tasks.read_copy.reads import ReadCounts
from tasks.read_copy.records import CopyRecords
from tasks.read_copy.task_copy import TaskCopy, UnreadableCopyError, copy_key
from tasks.repository.tasks import TaskRepository
from todo_shared.dapr import SidecarError, StateStore
from todo_shared.errors import UnavailableError
from todo_shared.models import TaskResponse

_log = logging.getLogger(__name__)


class CopyReader:
    """Reads single tasks; the store has `seconds` to answer."""

    def __init__(
        self,
        *,
        repository: TaskRepository,
        store: StateStore,
        records: CopyRecords,
        phase: PresentPhase,
        counts: ReadCounts,
        seconds: float,
    ) -> None:
        self._repository = repository
        self._store = store
        self._records = records
        self._phase = phase
        self._counts = counts
        self._seconds = seconds

    async def get(self, user_id: str, task_id: UUID) -> TaskResponse | None:
        """A task of the user, None when there is none. Raises UnavailableError."""
        match self._phase.mode:
            case ReadCopyMode.STATE_ONLY:
                return await self._only(user_id, task_id)
            case ReadCopyMode.STATE_FIRST:
                return await self._first(user_id, task_id)
            case _:
                return await self._truth(user_id, task_id)

    async def _only(self, user_id: str, task_id: UUID) -> TaskResponse | None:
        try:
            copy = await self._copy(user_id, task_id)
        except (SidecarError, UnreadableCopyError, TimeoutError) as error:
            raise UnavailableError("the copy of the task cannot be read") from error
        task = None if copy is None else copy.task
        self._counts.count(ReadCopyMode.STATE_ONLY, hit=task is not None)
        return task

    async def _first(self, user_id: str, task_id: UUID) -> TaskResponse | None:
        # The version is that of the last change committed before the copy is looked at, or a later
        # one: a copy that has it is as fresh as the truth was when this read began.
        version, copy = await asyncio.gather(
            self._records.version(user_id, task_id), self._if_there(user_id, task_id)
        )
        if copy is not None and version is not None and copy.version >= version:
            self._counts.count(ReadCopyMode.STATE_FIRST, hit=True)
            return copy.task
        task = await self._truth(user_id, task_id)
        if task is not None:
            self._counts.count(ReadCopyMode.STATE_FIRST, hit=False)
        return task

    async def _if_there(self, user_id: str, task_id: UUID) -> TaskCopy | None:
        try:
            return await self._copy(user_id, task_id)
        except (SidecarError, UnreadableCopyError, TimeoutError) as error:
            _log.info("a task is read from the database: %s", error)
            return None

    async def _copy(self, user_id: str, task_id: UUID) -> TaskCopy | None:
        async with asyncio.timeout(self._seconds):
            held = await self._store.get(copy_key(user_id, task_id))
        return None if held is None else TaskCopy.parse(held.value)

    async def _truth(self, user_id: str, task_id: UUID) -> TaskResponse | None:
        found = await self._repository.get(user_id, task_id)
        task: Task | None = None if found is None else found[0]
        return None if task is None or task.deleted_at is not None else task.response()
