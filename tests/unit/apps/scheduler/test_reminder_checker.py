"""The timer of one replica, over a table in memory and a clock of its own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from scheduler.clock import DatabaseClock
from scheduler.jobs import reminder_checker as module
from scheduler.jobs.reminder_checker import ReminderChecker
from scheduler.journal import Journal
from scheduler.models.reminder import Armed, Fired
from scheduler.trace import Action, read_trace
from todo_shared.ids import uuid7


@dataclass
class Table:
    """Reminders as the database holds them; its clock may be behind."""

    pending: dict[UUID, Armed] = field(default_factory=dict)
    fired: list[tuple[UUID, float]] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    loads: int = 0
    behind: timedelta = timedelta()
    failures: list[Exception] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime.now(UTC) - self.behind

    def add(self, seconds: float, shard: int = 0) -> Armed:
        armed = Armed(uuid7(), shard, datetime.now(UTC) + timedelta(seconds=seconds))
        self.pending[armed.id] = armed
        return armed

    async def due_within(self, seconds: float, limit: int) -> list[Armed]:
        self.loads += 1
        end = self.now() + timedelta(seconds=seconds)
        found = [each for each in self.pending.values() if each.trigger_time <= end]
        return sorted(found, key=lambda each: each.trigger_time)[:limit]

    async def fire(self, ids: Sequence[UUID]) -> list[Fired]:
        self.asked.append(len(ids))
        if self.failures:
            raise self.failures.pop(0)
        done: list[Fired] = []
        for each in ids:
            known = self.pending.get(each)
            if known is not None and known.trigger_time <= self.now():
                del self.pending[each]
                late = (self.now() - known.trigger_time).total_seconds()
                self.fired.append((each, late))
                done.append(Fired(each, "t", "email", known.trigger_time, late))
        return done

    async def still_pending(self, ids: Sequence[UUID]) -> list[Armed]:
        soon = datetime.now(UTC) + timedelta(milliseconds=20)
        return [
            Armed(each, 0, max(self.pending[each].trigger_time, soon))
            for each in ids
            if each in self.pending
        ]


class Half:
    """Primary of the even shards."""

    def is_primary(self, shard: int) -> bool:
        return shard % 2 == 0


def _checker(table: Table, limit: int = 100, path: Path | None = None) -> ReminderChecker:
    clock = DatabaseClock()
    journal = Journal("a", clock, path)
    return ReminderChecker(table, Half(), clock, journal, limit)


async def _run(checker: ReminderChecker, table: Table, number: int) -> None:
    """Until so many have fired."""
    running = asyncio.create_task(checker.run())
    async with asyncio.timeout(20):
        await _fired(table, number)
        checker.stop()
        await running


async def _fired(table: Table, number: int) -> None:
    for _ in range(4000):
        if len(table.fired) >= number:
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"only {len(table.fired)} have fired")


async def test_what_is_read_at_the_start_fires_in_time_and_never_early() -> None:
    table = Table()
    for number in range(20):
        table.add(number * 0.02)
    await _run(_checker(table), table, 20)
    assert len(table.fired) == 20
    assert all(late >= 0 for _, late in table.fired)


async def test_the_second_replica_waits_a_moment() -> None:
    table = Table()
    table.add(0.05, shard=1)
    await _run(_checker(table), table, 1)
    assert table.fired[0][1] >= 0.15


async def test_notices_add_move_and_remove() -> None:
    table = Table()
    checker = _checker(table)
    running = asyncio.create_task(checker.run())
    await asyncio.sleep(0.05)
    soon, moved, gone = table.add(0.1), table.add(0.1), table.add(0.1)
    for each in (soon, moved, gone):
        checker.armed(each)
    later = Armed(moved.id, 0, datetime.now(UTC) + timedelta(hours=1))
    table.pending[moved.id] = later
    checker.armed(later)
    del table.pending[gone.id]
    checker.canceled(gone.id)
    await _fired(table, 1)
    await asyncio.sleep(0.1)
    checker.stop()
    await running
    assert [each for each, _ in table.fired] == [soon.id]
    assert table.asked == [1]


async def test_a_clock_that_is_ahead_of_the_databases_fires_nothing_early() -> None:
    table = Table(behind=timedelta(seconds=0.25))
    table.add(0.05)
    await _run(_checker(table), table, 1)
    assert table.fired[0][1] >= 0


@pytest.mark.parametrize("failure", [ConnectionError("away"), ZeroDivisionError("bug")])
async def test_a_failing_database_delays_and_loses_nothing(failure: Exception) -> None:
    table = Table(failures=[failure, failure])
    for _ in range(3):
        table.add(0.02)
    await _run(_checker(table), table, 3)
    assert table.pending == {}


async def test_more_than_fits_is_read_in_parts() -> None:
    table = Table()
    for number in range(50):
        table.add(0.01 + number * 0.002)
    await _run(_checker(table, limit=10), table, 50)
    assert len(table.fired) == 50
    assert table.loads >= 5


async def test_many_at_once_go_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 8)
    table = Table()
    for _ in range(30):
        table.add(-1)
    await _run(_checker(table), table, 30)
    assert len(table.fired) == 30
    assert max(table.asked) == 8


async def test_the_window_is_read_again_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REFILL", timedelta(seconds=0.1))
    table = Table()
    checker = _checker(table)
    running = asyncio.create_task(checker.run())
    await asyncio.sleep(0.05)
    table.add(0.1)
    await _fired(table, 1)
    checker.stop()
    await running
    assert len(table.fired) == 1


async def test_each_firing_is_written_down(tmp_path: Path) -> None:
    table, clock = Table(), DatabaseClock()
    armed = table.add(0.01)
    with Journal("a", clock, tmp_path / "trace") as journal:
        await _run(ReminderChecker(table, Half(), clock, journal), table, 1)
    (record,) = read_trace((tmp_path / "trace").read_text().splitlines())
    assert (record.action, record.replica) == (Action.REMINDER_FIRED, "a")
    assert (record.reminder_id, record.trigger_time) == (str(armed.id), armed.trigger_time)
