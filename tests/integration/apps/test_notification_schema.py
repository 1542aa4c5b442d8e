"""The schema grows without breaking the code that ran before it."""

from typing import Final

import asyncpg
from postgres import PostgresServer

from todo_shared.credentials import StaticCredentials
from todo_shared.migrations import migrate

# As the code of revision 0001 writes.
OLD_INSERT: Final = """
    INSERT INTO deliveries (event_id, task_id, user_id, channel, subject, body, status, seq,
                            trace_id, event_time, sent_at)
    VALUES (gen_random_uuid(), 't1', 'ann', 'sink', 's', 'b', 'sent', 1, '', now(), now())
"""


async def test_old_code_writes_to_the_new_schema(
    notifications_url: str, postgres: PostgresServer
) -> None:
    name = notifications_url.rpartition("/")[2]
    await postgres.execute(OLD_INSERT, name)
    (row,) = await postgres.execute("SELECT number, attempts, reason FROM deliveries", name)
    assert tuple(row) == (None, 0, None)


async def test_rows_survive_the_way_there_and_back(postgres: PostgresServer) -> None:
    await postgres.execute("CREATE DATABASE deliveries_there_and_back")
    name = "deliveries_there_and_back"
    login = await StaticCredentials(postgres.url(name)).take()
    await migrate(login, "notifications", "up", "0001")
    await postgres.execute(OLD_INSERT, name)
    await migrate(login, "notifications", "up", "head")
    connection = await asyncpg.connect(postgres.url(name))
    for status in ("pending", "sending", "failed", "withdrawn", "skipped"):
        await connection.execute(
            """INSERT INTO deliveries (event_id, task_id, user_id, channel, subject, body, status,
                 seq, trace_id, event_time, number)
               VALUES (gen_random_uuid(), $1, 'ann', 'email', 's', 'b', $1, 1, '', now(), NULL)""",
            status,
        )
    await connection.close()
    await migrate(login, "notifications", "down", "0001")
    rows = await postgres.execute("SELECT task_id, status FROM deliveries ORDER BY id", name)
    assert [tuple(row) for row in rows] == [
        ("t1", "sent"),
        ("pending", "pending"),
        ("sending", "pending"),
        ("failed", "failed"),
        ("withdrawn", "failed"),
        ("skipped", "failed"),
    ]
    await migrate(login, "notifications", "up", "head")
    rows = await postgres.execute("SELECT count(*) FROM deliveries", name)
    assert rows[0][0] == 6
