"""The schema changes, there and back, while users write: no request fails, none waits long."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
from later_release import STEPS, later_release
from postgres import PostgresServer
from read_copy_stack import LEGACY
from running_app import eventually
from task_writers import Writers

from todo_shared.credentials import StaticCredentials
from todo_shared.migrations import LOCK_SECONDS, migrate

# What a request may take: the wait for a lock behind a change of the schema, and its own time, on
# a machine that does other things as well.
SLOWEST_SECONDS = LOCK_SECONDS + 10
# Whoever waited for a change that does not give way would wait longer than that.
HELD_SECONDS = SLOWEST_SECONDS + 4
TASKS = 5_000
Migrate = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
async def command(tasks_url: str, tmp_path: Path) -> AsyncIterator[Migrate]:
    """`python -m tasks.migrate` of the later release, run as the job runs it."""
    path = os.pathsep.join(
        [str(later_release(tmp_path / "later")), os.environ.get("PYTHONPATH", "")]
    )
    environment = os.environ | {"PYTHONPATH": path, "DATABASE_URL": tasks_url}

    async def run(*arguments: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tasks.migrate", *arguments),
            env=environment,
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode()

    yield run


async def _columns(connection: asyncpg.Connection) -> dict[str, str]:
    rows = await connection.fetch(
        "SELECT column_name, is_nullable FROM information_schema.columns"
        " WHERE table_name = 'tasks' AND column_name IN ('urgency', 'priority')"
    )
    return {row["column_name"]: row["is_nullable"] for row in rows}


async def _warm(writers: Writers) -> None:
    """Leave the first requests out: they wait for connections, and no step has begun yet."""
    await eventually(lambda: len(writers.seconds) >= 40, 60)
    writers.seconds.clear()


async def test_a_column_is_replaced_there_and_back_while_users_write(
    postgres: PostgresServer, tasks_url: str, tasks_service: str, command: Migrate
) -> None:
    connection = await asyncpg.connect(tasks_url)
    await connection.execute(LEGACY.format(count=TASKS))
    writers = Writers(tasks_service, [f"writer-{number}" for number in range(4)], pause=0.01)
    async with writers.writing():
        await _warm(writers)
        for revision in STEPS:
            code, out = await command("up", revision)
            assert code == 0, out
            if revision == "9000":
                await connection.execute("UPDATE tasks SET urgency = 'high' WHERE version = 2")
        assert await _columns(connection) == {"priority": "NO"}
        urgent = await connection.fetchval("SELECT count(*) FROM tasks WHERE priority = 1")
        assert urgent >= TASKS // 5 - 4
        code, out = await command("down", "9001")
        assert code == 0, out
        back = "SELECT count(*) FROM tasks WHERE urgency = 'high'"
        assert await connection.fetchval(back) == urgent
        code, out = await command("down", "0005")
        assert code == 0, out
        assert await _columns(connection) == {}
        await eventually(lambda: len(writers.statuses) > 200, 60)
    await connection.close()
    assert set(writers.statuses) == {200, 201, 204}
    assert max(writers.seconds) < SLOWEST_SECONDS


async def test_a_change_of_the_schema_gives_way_to_who_holds_a_lock_for_long(
    postgres: PostgresServer, tasks_url: str, tasks_service: str, command: Migrate
) -> None:
    """A report reads for seconds: the step is tried again until it is through."""
    reader = await asyncpg.connect(tasks_url)
    reading = reader.transaction()
    await reading.start()
    await reader.fetchval("SELECT count(*) FROM tasks")
    writers = Writers(tasks_service, ["writer-0", "writer-1"], pause=0.01)
    async with writers.writing():
        await _warm(writers)
        migrating = asyncio.create_task(command("up", "9001"))
        # It waits for the reader, and everybody else behind it.
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
        name = tasks_url.rpartition("/")[2]
        await eventually(lambda: _some(postgres, waits, name), 60)
        await asyncio.sleep(HELD_SECONDS)
        assert not migrating.done()
        await reading.rollback()
        code, out = await migrating
    await reader.close()
    assert code == 0, out
    assert "the schema is tried again" in out
    assert set(writers.statuses) == {200, 201, 204}
    assert LOCK_SECONDS / 2 < max(writers.seconds) < SLOWEST_SECONDS


async def _some(postgres: PostgresServer, query: str, database: str) -> bool:
    return (await postgres.execute(query, database))[0][0] > 0


async def test_a_step_that_fails_leaves_the_steps_before_it(
    postgres: PostgresServer, tmp_path: Path, command: Migrate, tasks_url: str
) -> None:
    broken = tmp_path / "later" / "tasks" / "migrations" / "versions" / "9002_later.py"
    broken.write_text(broken.read_text().replace("WHERE {empty} IS NULL", "WHERE no_such_column"))
    code, out = await command("up", "9003")
    assert code == 1
    assert "the schema of tasks was not changed to" in out
    connection = await asyncpg.connect(tasks_url)
    assert await connection.fetchval("SELECT version_num FROM alembic_version") == "9001"
    assert set(await _columns(connection)) == {"urgency", "priority"}
    await connection.close()
    assert (await command("down", "0005"))[0] == 0


async def test_a_second_job_waits_longer_than_a_lock(
    postgres: PostgresServer, tasks_url: str
) -> None:
    """Who waits for another job does not wait for a table, and so does not give up."""
    connection = await asyncpg.connect(tasks_url)
    await connection.execute("SELECT pg_advisory_lock($1)", 0x07B0A1E3)
    login = await StaticCredentials(tasks_url).take()
    waiting = asyncio.create_task(migrate(login, "tasks", "up", "head"))
    await asyncio.sleep(LOCK_SECONDS * 1.5)
    assert not waiting.done()
    await connection.close()
    await waiting
