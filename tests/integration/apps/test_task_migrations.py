"""Each step of the schema goes forward and back, and the version before works on the newest one."""

import asyncpg
import pytest
from postgres import PostgresServer

from todo_shared.credentials import StaticCredentials
from todo_shared.migrations import migrate

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
# What the service of revision 0001 sends, with values in place of its parameters.
OLD_INSERT = """
    WITH changed AS (
        INSERT INTO tasks (id, user_id, title, description, status, due_date, created_at,
                           updated_at, completed_at, deleted_at, version, request_digest)
        VALUES ($1, 'ann', 'milk', NULL, 'pending', NULL, now(), now(), NULL, NULL, 1, '')
        ON CONFLICT (id) DO NOTHING
        RETURNING user_id
    ),
    numbered AS (
        INSERT INTO user_seq AS counter (user_id, seq) SELECT user_id, 1 FROM changed
        ON CONFLICT (user_id) DO UPDATE SET seq = counter.seq + 1
        RETURNING seq
    ),
    queued AS (
        INSERT INTO outbox
            (shard, event_id, topic, key, seq, time, traceparent, correlation_id, data)
        SELECT 0, $1, 'task.created', 'ann', seq, now(), '', '', '' FROM numbered
        RETURNING shard
    )
    SELECT count(*) FROM queued
"""
OLD_UPDATE = """
    UPDATE tasks
    SET status = 'completed', completed_at = now(), deleted_at = NULL, updated_at = now(),
        version = version + 1
    WHERE id = $1 AND user_id = 'ann' AND version = 1
    RETURNING id, user_id, title, description, status, due_date, created_at, updated_at,
              completed_at, deleted_at, version, request_digest
"""
TASK = "0190b6f8-0000-7000-8000-000000000001"


async def _database(postgres: PostgresServer, name: str) -> StaticCredentials:
    await postgres.execute(f"CREATE DATABASE {name}")
    return StaticCredentials(postgres.url(name))


@pytest.mark.parametrize("revision", REVISIONS)
async def test_each_step_goes_back_and_forward_again(
    postgres: PostgresServer, revision: str
) -> None:
    login = await (await _database(postgres, f"tasks_step_{revision}")).take()
    await migrate(login, "tasks", "up", revision)
    before = await _schema(postgres, login.database)
    if revision != REVISIONS[-1]:
        await migrate(login, "tasks", "up", "head")
        assert await _schema(postgres, login.database) != before
        await migrate(login, "tasks", "down", revision)
    assert await _schema(postgres, login.database) == before


@pytest.mark.parametrize("revision", REVISIONS)
async def test_the_first_service_works_on_each_schema(
    postgres: PostgresServer, revision: str
) -> None:
    login = await (await _database(postgres, f"tasks_old_on_{revision}")).take()
    await migrate(login, "tasks", "up", revision)
    connection = await asyncpg.connect(postgres.url(login.database))
    assert await connection.fetchval(OLD_INSERT, TASK) == 1
    assert await connection.fetchval(OLD_INSERT, TASK) == 0
    done = await connection.fetchrow(OLD_UPDATE, TASK)
    await connection.close()
    assert (done["status"], done["version"]) == ("completed", 2)


async def test_tasks_outlive_the_way_there_and_back(postgres: PostgresServer) -> None:
    login = await (await _database(postgres, "tasks_outlive")).take()
    await migrate(login, "tasks", "up", "0001")
    connection = await asyncpg.connect(postgres.url(login.database))
    await connection.execute(OLD_INSERT.replace("$1", f"'{TASK}'"))
    before = dict(await connection.fetchrow("SELECT * FROM tasks"))
    await migrate(login, "tasks", "up", "head")
    there = dict(await connection.fetchrow("SELECT * FROM tasks"))
    await migrate(login, "tasks", "down", "0001")
    back = dict(await connection.fetchrow("SELECT * FROM tasks"))
    await connection.close()
    assert back == before
    assert {name: there[name] for name in before} == before
    assert {there[name] for name in there.keys() - before.keys()} == {None}


async def _schema(postgres: PostgresServer, database: str) -> list[tuple[object, ...]]:
    columns = await postgres.execute(
        """SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
           WHERE table_schema = 'public' ORDER BY 1, 2""",
        database,
    )
    indexes = await postgres.execute(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1", database
    )
    return [tuple(row) for row in (*columns, *indexes)]
