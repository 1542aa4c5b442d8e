"""Taking from the queue costs the same however much was sent before."""

from typing import Final

from postgres import PostgresServer
from running_app import eventually

from notifications.models.recipient import Channel
from notifications.repository.queue import PostgresDeliveryQueue
from todo_shared.credentials import StaticCredentials
from todo_shared.database import Database

SENT: Final = 5000
HISTORY: Final = f"""
    INSERT INTO deliveries (event_id, task_id, user_id, channel, subject, body, status, seq,
                            trace_id, event_time, sent_at)
    SELECT gen_random_uuid(), 't', 'user-' || number % 50, 'email', 's', 'b', 'sent', number,
           '', now(), now() FROM generate_series(1, {SENT}) AS number
"""
WAITING: Final = """
    INSERT INTO deliveries (event_id, task_id, user_id, channel, subject, body, status, seq,
                            trace_id, event_time)
    SELECT gen_random_uuid(), 't', 'ann', 'email', 's', 'b', 'pending', number, '', now()
    FROM generate_series(1, 3) AS number
"""


async def scans(postgres: PostgresServer, name: str) -> tuple[int, int]:
    """Rows of `deliveries` that scans of the whole table have read, and scans of its indexes."""
    (row,) = await postgres.execute(
        "SELECT seq_tup_read, idx_scan FROM pg_stat_user_tables WHERE relname = 'deliveries'", name
    )
    return row[0], row[1]


async def test_what_was_sent_is_not_read_again_to_take_what_waits(
    notifications_url: str, postgres: PostgresServer
) -> None:
    name = notifications_url.rpartition("/")[2]
    for statement in (HISTORY, WAITING, "ANALYZE deliveries"):
        await postgres.execute(statement, name)
    rows, looked_up = await scans(postgres, name)
    database = Database(StaticCredentials(notifications_url), application="test")
    await database.start()
    try:
        await eventually(database.ready)
        taken = await PostgresDeliveryQueue(database).take(Channel.EMAIL, 16, 30.0)
    finally:
        await database.stop()
    assert [each.message.seq for each in taken] == [1, 2, 3]

    async def told() -> bool:
        return (await scans(postgres, name))[1] > looked_up

    await eventually(told)  # a session tells what it did when it ends
    assert (await scans(postgres, name))[0] - rows < SENT
