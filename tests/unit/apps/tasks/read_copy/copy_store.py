"""A state store in memory that can be asked for many keys, and what PostgreSQL would know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from memory_store import MemoryStore

from tasks.read_copy.task_copy import TaskCopy
from todo_shared.dapr import StoredValue


class BatchStore(MemoryStore):
    """CopyStore."""

    async def get_many(self, keys: Sequence[str]) -> dict[str, StoredValue]:
        await self._travel()
        return {key: self.values[key] for key in keys if key in self.values}


@dataclass
class MemoryRecords:
    """The part of CopyRecords that copying and reading need."""

    truth: dict[UUID, TaskCopy] = field(default_factory=dict)
    finished: dict[UUID, int] = field(default_factory=dict)

    async def truths(self, ids: Sequence[UUID]) -> dict[UUID, TaskCopy]:
        return {each: self.truth[each] for each in ids if each in self.truth}

    async def done(self, copied: Mapping[UUID, int]) -> None:
        self.finished |= copied

    async def version(self, _: str, task_id: UUID) -> int | None:
        return self.truth[task_id].version if task_id in self.truth else None
