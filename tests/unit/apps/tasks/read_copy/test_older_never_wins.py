"""However writes are held up and mixed, what stands in the end is the last version."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest
from copy_store import BatchStore, MemoryRecords
from hypothesis import given, settings
from hypothesis import strategies as st
from task_examples import START, new_task

from tasks.models.task import Task
from tasks.read_copy.copying import BatchCopying
from tasks.read_copy.records import Noted
from tasks.read_copy.store import put_newer
from tasks.read_copy.task_copy import TaskCopy, copy_key
from todo_shared.dapr import SidecarError, StateConflictError, StoredValue, Upsert

ID = UUID(new_task().id)
KEY = copy_key("ann", ID)


class SlowStore(BatchStore):
    """Each call takes its own time, before and after it takes effect."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)
        self.seen: list[int] = []

    async def _travel(self) -> None:
        for _ in range(self._random.randrange(6)):
            await asyncio.sleep(0)

    async def get(self, key: str) -> StoredValue | None:
        held = await super().get(key)
        await self._travel()
        return held

    async def transact(self, operations: Sequence[Upsert]) -> None:
        await super().transact(operations)
        self.seen += [TaskCopy.parse(operation.value).version for operation in operations]
        await self._travel()


def _versions(count: int, deleted: bool) -> list[Task]:
    tasks = [replace(new_task(), title=f"t{n}", version=n) for n in range(1, count + 1)]
    return [*tasks[:-1], replace(tasks[-1], deleted_at=START)] if deleted else tasks


@settings(max_examples=200, deadline=None)
@given(
    count=st.integers(1, 6),
    deleted=st.booleans(),
    order=st.randoms(use_true_random=False),
    seed=st.integers(0, 2**16),
    batches=st.integers(0, 3),
)
def test_the_last_version_stands(
    count: int, deleted: bool, order: random.Random, seed: int, batches: int
) -> None:
    versions = _versions(count, deleted)
    store, records = SlowStore(seed), MemoryRecords()

    async def change() -> None:
        for task in versions:
            records.truth[ID] = TaskCopy.of(task)
            await asyncio.sleep(0)

    async def late(task: Task) -> None:
        await put_newer(store, KEY, TaskCopy.of(task))

    async def batch() -> None:
        if ID in records.truth:
            await BatchCopying(store, records).copy([Noted(ID, "ann", 0)])  # type: ignore[arg-type]

    async def run() -> None:
        work = [partial(late, task) for task in versions] + [batch] * batches
        order.shuffle(work)
        await asyncio.gather(change(), *(each() for each in work))

    asyncio.run(run())
    assert TaskCopy.parse(store.values[KEY].value) == TaskCopy.of(versions[-1])
    assert store.seen == sorted(set(store.seen))


class ContestedStore(BatchStore):
    """Somebody else always writes first."""

    async def transact(self, operations: Sequence[Upsert]) -> None:
        raise StateConflictError("again")


async def test_who_never_gets_a_turn_says_so() -> None:
    store, records = ContestedStore(), MemoryRecords({ID: TaskCopy.of(new_task())})
    with pytest.raises(StateConflictError):
        await put_newer(store, KEY, TaskCopy.of(new_task()))
    with pytest.raises(StateConflictError):
        await BatchCopying(store, records).copy([Noted(ID, "ann", 1)])  # type: ignore[arg-type]
    assert records.finished == {}


async def test_a_value_that_is_no_copy_is_written_over() -> None:
    store = BatchStore()
    store.values[KEY] = StoredValue(b'"nonsense"', "0")
    assert await put_newer(store, KEY, TaskCopy.of(new_task()))
    assert TaskCopy.parse(store.values[KEY].value) == TaskCopy.of(new_task())


async def test_a_store_that_is_away_is_told() -> None:
    store = BatchStore(down=True)
    with pytest.raises(SidecarError):
        await put_newer(store, KEY, TaskCopy.of(replace(new_task(), version=2)))
