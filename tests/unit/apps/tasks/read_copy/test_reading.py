"""A task is read from where the phase says; its copy is taken only when it is fresh."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from copy_store import BatchStore, MemoryRecords
from task_examples import START, new_task

from tasks.models.task import Task
from tasks.read_copy.copying import ImmediateCopying
from tasks.read_copy.mode import ReadCopyMode
from tasks.read_copy.phase import Phase, PresentPhase
from tasks.read_copy.reading import CopyReader
from tasks.read_copy.reads import ReadCounts
from tasks.read_copy.task_copy import TaskCopy, copy_key
from todo_shared.errors import UnavailableError

POSTGRES, DUAL, FIRST, ONLY = ReadCopyMode
TASK = new_task()
ID = UUID(TASK.id)
LATER = replace(TASK, title="bread", version=2)
GONE = replace(LATER, deleted_at=START, version=3)


@dataclass
class Truth:
    """The part of TaskRepository that a reader needs."""

    task: Task | None = None
    asked: int = 0

    async def get(self, _user: str, _id: UUID) -> tuple[Task, bytes] | None:
        self.asked += 1
        return None if self.task is None else (self.task, b"")


class Counted(ReadCounts):
    """What was counted."""

    def __init__(self) -> None:
        self.reads: list[bool] = []

    def count(self, mode: ReadCopyMode, *, hit: bool) -> None:
        self.reads.append(hit)


class World:
    """A reader with all it reads."""

    def __init__(self, mode: ReadCopyMode) -> None:
        self.truth, self.store, self.records = Truth(), BatchStore(), MemoryRecords()
        self.counts = Counted()
        self.phase = PresentPhase(ONLY)
        self.phase.learn(Phase(mode, datetime(2030, 1, 1, tzinfo=UTC), ID, 0, None))
        self.reader = CopyReader(
            repository=self.truth,  # type: ignore[arg-type]
            store=self.store,
            records=self.records,  # type: ignore[arg-type]
            phase=self.phase,
            counts=self.counts,
            seconds=0.05,
        )

    async def has(self, truth: Task, copy: Task | None) -> None:
        self.truth.task = truth
        self.records.truth[ID] = TaskCopy.of(truth)
        if copy is not None:
            await self.store.transact([TaskCopy.of(copy).upsert(copy_key("ann", ID), None)])

    async def read(self) -> str | None:
        found = await self.reader.get("ann", ID)
        return None if found is None else found.title


@pytest.mark.parametrize("mode", [POSTGRES, DUAL])
async def test_the_first_phases_ask_only_the_database(mode: ReadCopyMode) -> None:
    world = World(mode)
    await world.has(TASK, LATER)
    world.store.down = True
    assert await world.read() == "milk"
    assert (world.truth.asked, world.counts.reads) == (1, [])


@pytest.mark.parametrize(
    ("truth", "copy", "title", "asked", "reads"),
    [
        (TASK, TASK, "milk", 0, [True]),
        (LATER, TASK, "bread", 1, [False]),
        (TASK, None, "milk", 1, [False]),
        (GONE, GONE, None, 0, [True]),
        (GONE, LATER, None, 1, []),
    ],
)
async def test_a_copy_is_taken_when_it_is_fresh(
    truth: Task, copy: Task | None, title: str | None, asked: int, reads: list[bool]
) -> None:
    world = World(FIRST)
    await world.has(truth, copy)
    assert await world.read() == title
    assert (world.truth.asked, world.counts.reads) == (asked, reads)


@pytest.mark.parametrize("fault", ["down", "slow", "unreadable", "not noted"])
async def test_the_database_stands_in_for_the_store(fault: str) -> None:
    world = World(FIRST)
    await world.has(TASK, TASK)
    match fault:
        case "down":
            world.store.down = True
        case "slow":
            world.store.delay = 1
        case "unreadable":
            key = copy_key("ann", ID)
            world.store.values[key] = replace(world.store.values[key], value=b"7")
        case _:
            world.records.truth.clear()
    assert await world.read() == "milk"
    assert (world.truth.asked, world.counts.reads) == (1, [False])


async def test_what_is_nowhere_is_no_miss() -> None:
    world = World(FIRST)
    assert await world.read() is None
    assert world.counts.reads == []


async def test_the_last_phase_never_asks_the_database() -> None:
    world = World(ONLY)
    assert await world.read() is None
    await world.has(LATER, TASK)
    assert await world.read() == "milk"
    for fault in ({"down": True}, {"down": False, "delay": 1.0}):
        for name, value in fault.items():
            setattr(world.store, name, value)
        with pytest.raises(UnavailableError):
            await world.read()
    assert world.truth.asked == 0


async def _copied(world: World, task: Task) -> bool:
    copying = ImmediateCopying(world.store, world.records, world.phase, 0.05)  # type: ignore[arg-type]
    await copying.copy(task)
    return world.records.finished == {ID: task.version}


@pytest.mark.parametrize(("mode", "copied"), [(POSTGRES, False), (DUAL, True), (ONLY, True)])
async def test_a_change_is_copied_from_the_second_phase_on(
    mode: ReadCopyMode, copied: bool
) -> None:
    world = World(mode)
    assert await _copied(world, TASK) == copied
    assert bool(world.store.values) == copied


@pytest.mark.parametrize("fault", [{"down": True}, {"delay": 1.0}])
async def test_a_copy_that_cannot_be_made_in_time_stays_due(fault: dict[str, object]) -> None:
    world = World(DUAL)
    for name, value in fault.items():
        setattr(world.store, name, value)
    assert not await _copied(world, TASK)
