"""Each phase begins only when it may, takes effect only when admitted, and has a way back."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from postgres import PostgresServer
from read_copy_stack import Stack, read_copy_stack
from running_app import eventually

from tasks.read_copy.admission import Admission
from tasks.read_copy.backfill import Backfill, BackfillPace
from tasks.read_copy.consistency import ConsistencyCheck
from tasks.read_copy.mode import ReadCopyMode
from tasks.read_copy.reads import ReadCounts
from tasks.read_copy.task_copy import copy_key
from todo_shared.credentials import StaticCredentials
from todo_shared.dapr import Upsert
from todo_shared.migrations import migrate

pytestmark = pytest.mark.timeout(1800)
POSTGRES, DUAL, FIRST, ONLY = ReadCopyMode
ANN = {"x-user-id": "ann"}


@pytest.fixture
async def stack(postgres: PostgresServer, tasks_url: str, tmp_path: Path) -> AsyncIterator[Stack]:
    """A database, a store, nothing running."""
    async with read_copy_stack(postgres, tasks_url, tmp_path) as running:
        yield running


async def _filled(stack: Stack, count: int) -> None:
    """In the phase `state-first`, with the copies of `count` tasks of before."""
    await stack.legacy(count)
    assert await stack.admit(DUAL) == []
    await Backfill(stack.database, stack.records, stack.copying).run(BackfillPace(), str)
    assert await stack.admit(FIRST) == []


async def _count(stack: Stack, hits: int, misses: int) -> None:
    counts = ReadCounts()
    for hit in [True] * hits + [False] * misses:
        counts.count(FIRST, hit=hit)
    await counts.flush(stack.database, (await stack.phases.read()).since)


async def _title(address: str, task: str) -> str:
    async with httpx.AsyncClient(base_url=address, headers=ANN, timeout=60) as client:
        answer = await client.get(f"/tasks/{task}")
    return answer.json()["title"] if answer.status_code == 200 else str(answer.status_code)


async def _create(address: str, title: str) -> str:
    async with httpx.AsyncClient(base_url=address, headers=ANN, timeout=60) as client:
        return (await client.post("/tasks", json={"title": title})).json()["id"]


async def _forge(stack: Stack, task: str, title: str) -> None:
    """Let the copy say something else than the task does, of the same version."""
    key = copy_key("ann", task)
    held = await stack.store.get(key)
    assert held is not None
    document = json.loads(held.value) | {"title": title}
    await stack.store.transact([Upsert(key, json.dumps(document).encode(), held.etag)])


async def test_reads_follow_the_phase_there_and_back(stack: Stack) -> None:
    async with stack.service(ONLY) as address:
        task = await _create(address, "before")
        assert await stack.store.get(copy_key("ann", task)) is None
        assert await stack.admit(DUAL) == []
        await Backfill(stack.database, stack.records, stack.copying).run(BackfillPace(), str)
        await _forge(stack, task, "the copy")
        assert await _title(address, task) == "before"
        # The replica wants the last phase and goes by each that is admitted.
        assert await stack.admit(FIRST) == []
        await eventually(lambda: _is(address, task, "the copy"))
        await stack.jump(ONLY)
        # It looks five times a second; until then a task that is gone takes its copy along.
        await asyncio.sleep(5)
        other = await _create(address, "only")
        await stack.sql("DELETE FROM tasks")
        assert await _title(address, task) == "the copy"
        assert await _title(address, other) == "only"
        assert await _title(address, "0190b6f8-0000-7000-8000-000000000001") == "404"
        assert await _title(address, "no id") == "404"
        assert await stack.admit(POSTGRES) == ["from state-only go back to dual-write first"]
        assert await stack.admit(DUAL) == []
        await eventually(lambda: _is(address, task, "404"))
        assert await stack.admit(POSTGRES) == []


async def _is(address: str, task: str, title: str) -> bool:
    return await _title(address, task) == title


async def test_a_setting_alone_changes_nothing(stack: Stack) -> None:
    await _filled(stack, 10)
    async with stack.service(DUAL) as behind, stack.service(ONLY) as ahead:
        task = await _create(behind, "mine")
        await _forge(stack, task, "the copy")
        assert await _title(behind, task) == "mine"
        await eventually(lambda: _is(ahead, task, "the copy"))
        await stack.sql(f"UPDATE tasks SET title = 'mine again' WHERE id = '{task}'")
        await eventually(lambda: _is(ahead, task, "mine again"))


async def test_no_phase_is_left_out(stack: Stack) -> None:
    assert await stack.admit(FIRST) == ["from postgres the next phase is dual-write"]
    assert await stack.admit(ONLY) == ["from postgres the next phase is dual-write"]
    assert await stack.admit(POSTGRES) == []
    assert await stack.admit(DUAL) == []
    assert await stack.admit(ONLY) == ["from dual-write the next phase is state-first"]
    assert await stack.admit(FIRST) == ["the backfill is not finished: 0 tasks so far"]


@pytest.mark.parametrize(
    ("hits", "misses", "reason"),
    [
        (90, 9, "99 reads were counted, 100 are needed"),
        (95, 5, "the hit rate is 95.00%, it must exceed 95%"),
        (0, 200, "the hit rate is 0.00%, it must exceed 95%"),
        (96, 4, None),
    ],
)
async def test_the_cut_over_needs_enough_hits(
    stack: Stack, hits: int, misses: int, reason: str | None
) -> None:
    await _filled(stack, 10)
    await _count(stack, hits, misses)
    if reason is not None:
        assert await stack.admit(ONLY, min_reads=100) == [reason]
        return
    async with stack.service(FIRST):
        assert await stack.admit(ONLY, min_reads=100) == []


async def test_hits_of_an_earlier_attempt_do_not_count(stack: Stack) -> None:
    await _filled(stack, 10)
    await _count(stack, 500, 0)
    assert await stack.admit(DUAL) == []
    assert await stack.admit(FIRST) == []
    assert await stack.admit(ONLY) == ["0 reads were counted, 1 are needed"]


async def test_the_cut_over_is_refused_while_copies_are_overdue(stack: Stack) -> None:
    await _filled(stack, 10)
    await _count(stack, 100, 0)
    await stack.sql("UPDATE read_copies SET due_since = now() - interval '11 seconds'")
    assert await stack.admit(ONLY) == ["10 copies have been due for more than 10 s"]


async def test_the_job_refuses_while_any_copy_differs_and_the_old_phase_stays(
    stack: Stack,
) -> None:
    await _filled(stack, 10)
    await _count(stack, 100, 0)
    wanted = {"READ_COPY_MODE": "state-only", "READ_COPY_MIN_READS": "100"}
    async with stack.service(FIRST) as address:
        tasks = [await _create(address, title) for title in ("missing", "differing", "surplus")]
        missing, differing, surplus = (copy_key("ann", task) for task in tasks)
        held = await stack.store.get(surplus)
        assert held is not None
        await stack.store.delete(missing)
        await _forge(stack, tasks[1], "another")
        await stack.sql(f"DELETE FROM tasks WHERE id = '{tasks[2]}'")

        async def buried() -> bool:
            found = await stack.store.get(surplus)
            return found is not None and b"deleted" in found.value

        await eventually(buried)
        await stack.store.save(surplus, held.value)
        code, out = await stack.command("tasks.migrate", **wanted)
        assert code == 1
        assert "1 missing, 1 surplus, 1 differing of 13" in out
        for line in (f"missing: {missing}", f"differing: {differing}", f"surplus: {surplus}"):
            assert f"state-only is refused: {line}" in out
        assert (await stack.phases.read()).mode is FIRST
        await stack.sql("UPDATE tasks SET version = version")
        await stack.store.delete(surplus)
        code, out = await stack.command("tasks.migrate", **wanted)
        assert code == 0, out
        assert (await stack.phases.read()).mode is ONLY
        assert (await stack.command("tasks.migrate", **wanted))[0] == 0
        code, out = await stack.command("tasks.read_copy", "status", "--json")
    assert code == 0
    status = json.loads(out)
    assert (status["mode"], status["backfilled"]) == ("state-only", 10)
    assert status["last_check"]["checked"] == 13
    code, out = await stack.command("tasks.read_copy", "status")
    assert "mode: state-only" in out and "last_check_differences: 0" in out


async def test_without_a_replica_nothing_is_checked_and_nothing_admitted(stack: Stack) -> None:
    await _filled(stack, 10)
    await _count(stack, 100, 0)
    refused = await Admission(stack.database, min_reads=1, check_seconds=0.5).admit(ONLY)
    assert refused == ["no replica made check 1 within 0 s"]


async def test_hits_and_misses_are_counted_by_day_of_all_replicas(stack: Stack) -> None:
    await _filled(stack, 0)
    async with stack.service(FIRST) as one, stack.service(FIRST) as other:
        task = await _create(one, "t")
        for address in (one, other, one):
            assert await _title(address, task) == "t"
        await stack.store.delete(copy_key("ann", task))
        assert await _title(other, task) == "t"
        assert await _title(other, "0190b6f8-0000-7000-8000-000000000001") == "404"
    rows = await stack.sql(
        "SELECT day = (now() AT TIME ZONE 'UTC')::date, hits, misses FROM read_copy_reads"
    )
    assert rows == [(True, 3, 1)]


async def test_changes_under_way_are_waited_for_when_copies_begin(stack: Stack) -> None:
    """What began before the first phase is in nobody's notes, so it must be there before it."""
    await stack.legacy(10)
    async with stack.database.listening() as connection:
        await connection.fetch("BEGIN")
        await connection.fetch("UPDATE tasks SET title = 'late', version = version + 1")
        admitting = asyncio.create_task(stack.admit(DUAL))
        await asyncio.sleep(1.5)
        assert not admitting.done()
        assert (await stack.phases.read()).mode is POSTGRES
        await connection.fetch("COMMIT")
    assert await admitting == []
    await Backfill(stack.database, stack.records, stack.copying).run(BackfillPace(), str)
    report = await ConsistencyCheck(stack.store, stack.records, pauses=[0]).run()
    assert (report.checked, report.differences) == (10, 0)


async def test_the_schema_goes_back_from_any_phase(stack: Stack) -> None:
    await _filled(stack, 10)
    login = await StaticCredentials(stack.url).take()
    await migrate(login, "tasks", "down", "0004")
    await stack.sql("UPDATE tasks SET version = version + 1")
    await migrate(login, "tasks", "up", "head")
    assert (await stack.phases.read()).mode is POSTGRES
