"""Rows of an inbox are forgotten when no repeat can come any more, and not before."""

from collections.abc import AsyncIterator

import pytest
from postgres import PostgresServer
from running_app import eventually

from analytics.app import INBOXES
from todo_shared.credentials import credentials_from
from todo_shared.database import Database
from todo_shared.errors import UnavailableError
from todo_shared.forgetting import BATCH, Forgetting
from todo_shared.settings import DatabaseSettings

FILL = """
    INSERT INTO event_inbox (consumer, event_id, topic, status, payload, received_at)
    SELECT 'c', gen_random_uuid(), 'task.created', '{status}', '', now() - interval '{age}'
    FROM generate_series(1, {count})
"""


@pytest.fixture
async def database(notifications_url: str) -> AsyncIterator[Database]:
    settings = DatabaseSettings(database_url=notifications_url)
    database = Database(credentials_from(settings), application="forgetting", pool_size=2)
    await database.start()
    await eventually(database.ready)
    yield database
    await database.stop()


async def test_handled_rows_go_after_fifteen_days(
    database: Database, postgres: PostgresServer, notifications_url: str
) -> None:
    name = notifications_url.rpartition("/")[2]
    for status, age, count in (
        ("completed", "15 days 1 minute", BATCH + 7),
        ("completed", "14 days 23 hours", 3),
        ("pending", "16 days", 2),
    ):
        await postgres.execute(FILL.format(status=status, age=age, count=count), name)
    assert await Forgetting(database).forget() == BATCH + 7
    assert await Forgetting(database).forget() == 0
    async with database.connect() as connection:
        left = await connection.exec_driver_sql("SELECT count(*) FROM event_inbox")
        assert left.scalar_one() == 5


async def test_analytics_has_an_inbox_in_each_schema(analytics_url: str) -> None:
    settings = DatabaseSettings(database_url=analytics_url)
    database = Database(credentials_from(settings), application="forgetting", pool_size=1)
    await database.start()
    await eventually(database.ready)
    assert await Forgetting(database, INBOXES).forget() == 0
    await database.stop()


async def test_a_database_that_is_away_is_said() -> None:
    settings = DatabaseSettings(database_url="postgresql://nobody@127.0.0.1:9/none")
    away = Database(credentials_from(settings), application="forgetting")
    with pytest.raises(UnavailableError):
        await Forgetting(away).forget()
