"""100,000 tasks of before get their copies while others write, through a kill and a resume."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from postgres import PostgresServer
from read_copy_stack import Stack, read_copy_stack
from running_app import eventually
from task_writers import Writers

from tasks.read_copy.backfill import Backfill, BackfillPace, BackfillRefusedError
from tasks.read_copy.consistency import ConsistencyCheck
from tasks.read_copy.mode import ReadCopyMode

# The first use on a machine may have to build the sidecar.
pytestmark = pytest.mark.timeout(1800)
LEGACY_TASKS = 100_000
LIVE = "SELECT count(*) FROM state WHERE convert_from(value, 'UTF8') NOT LIKE '%\"deleted\":true%'"


@pytest.fixture
async def stack(postgres: PostgresServer, tasks_url: str, tmp_path: Path) -> AsyncIterator[Stack]:
    """A database, a store, nothing running."""
    async with read_copy_stack(postgres, tasks_url, tmp_path) as running:
        yield running


def told(line: str) -> None:
    """Progress that nobody reads."""
    assert line


async def test_a_hundred_thousand_tasks_are_copied_through_a_kill_while_others_write(
    stack: Stack,
) -> None:
    await stack.legacy(LEGACY_TASKS)
    assert (await stack.command("tasks.migrate", READ_COPY_MODE="dual-write"))[0] == 0
    async with stack.service(ReadCopyMode.DUAL_WRITE) as address:
        writers = Writers(address, [f"user-{number}" for number in range(3)], pause=0.1)
        for user in writers.users:
            rows = await stack.sql(
                f"SELECT id FROM tasks WHERE user_id = '{user}' AND deleted_at IS NULL"
            )
            writers.known[user] = [str(row[0]) for row in rows]
        async with writers.writing():
            killed = await stack.start("tasks.read_copy", "backfill")

            async def midway() -> bool:
                return (await stack.phases.read()).backfilled >= LEGACY_TASKS // 3

            await eventually(midway, 600)
            killed.kill()
            await killed.communicate()
            halted = await stack.phases.read()
            assert LEGACY_TASKS // 3 <= halted.backfilled < LEGACY_TASKS
            assert await stack.admit(ReadCopyMode.STATE_FIRST) == [
                f"the backfill is not finished: {halted.backfilled} tasks so far"
            ]
            code, out = await stack.command("tasks.read_copy", "backfill")
            assert code == 0, out
            resumed = (await stack.phases.read()).backfilled - halted.backfilled
            assert resumed < LEGACY_TASKS * 2 // 3 + len(writers.statuses)
            code, out = await stack.command("tasks.read_copy", "check", "--json")
            assert code == 0, out
        assert set(writers.statuses) <= {200, 201, 204}
        assert len(writers.statuses) > 100
    report = json.loads(out)
    assert report["checked"] >= LEGACY_TASKS
    assert report["missing"] + report["surplus"] + report["differing"] == 0
    tasks = await stack.sql("SELECT count(*) FROM tasks WHERE deleted_at IS NULL")
    state = f"{stack.url.rpartition('/')[2]}_state"
    assert [tuple(row) for row in await stack.postgres.execute(LIVE, state)] == tasks


async def test_a_backfill_may_be_repeated_and_runs_once_at_a_time(stack: Stack) -> None:
    await stack.legacy(1500)
    backfill = Backfill(stack.database, stack.records, stack.copying)
    with pytest.raises(BackfillRefusedError, match="dual-write first"):
        await backfill.run(BackfillPace(), told)
    assert await stack.admit(ReadCopyMode.DUAL_WRITE) == []
    slow = asyncio.create_task(backfill.run(BackfillPace(batch=500, rate=250), told))

    async def begun() -> bool:
        return (await stack.phases.read()).backfilled > 0

    await eventually(begun)
    with pytest.raises(BackfillRefusedError, match="running"):
        await backfill.run(BackfillPace(), told)
    assert await slow == 1500
    assert await backfill.run(BackfillPace(), told) == 0
    before = await _etags(stack)
    await stack.phases.begin_backfill()
    assert await backfill.run(BackfillPace(), told) == 1500
    assert await _etags(stack) == before
    assert len(before) == 1470  # one in fifty was deleted before there were copies


async def test_only_a_restore_writes_over_newer_copies(stack: Stack) -> None:
    await stack.legacy(10)
    assert await stack.admit(ReadCopyMode.DUAL_WRITE) == []
    backfill = Backfill(stack.database, stack.records, stack.copying)
    await stack.sql("UPDATE tasks SET version = version + 5, title = 'later'")
    await backfill.run(BackfillPace(), told)
    # As after a restore of the database to a moment before the copies were made.
    await stack.sql("UPDATE tasks SET version = version - 5, title = 'earlier'")
    await stack.phases.begin_backfill()
    await backfill.run(BackfillPace(), told)
    check = ConsistencyCheck(stack.store, stack.records, pauses=[0])
    assert (await check.run()).differing == 10
    code, out = await stack.command("tasks.read_copy", "backfill", "--restart", "--replace")
    assert code == 0, out
    assert (await check.run()).differences == 0


async def _etags(stack: Stack) -> list[tuple[object, ...]]:
    state = f"{stack.url.rpartition('/')[2]}_state"
    rows = await stack.postgres.execute("SELECT key, etag FROM state ORDER BY key", state)
    return [tuple(row) for row in rows]
