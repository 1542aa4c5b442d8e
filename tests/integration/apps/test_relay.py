"""The relay loses nothing, and keeps the order of each user, whatever happens to it."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from ports import free_port
from postgres import PostgresServer
from prometheus_client import REGISTRY
from recording_sidecar import RecordingSidecar
from running_app import eventually
from vanishing_relay import vanishing_relay

from todo_shared.credentials import StaticCredentials
from todo_shared.dapr import DaprPubSubService, Sidecar
from todo_shared.database import Database
from todo_shared.events.envelope import new_event
from todo_shared.events.payloads import TaskDeleted
from todo_shared.ids import uuid7
from todo_shared.outbox import append, shard_of
from todo_shared.relay import LOCK_SPACE, OutboxRelay


@asynccontextmanager
async def _database(url: str) -> AsyncIterator[Database]:
    database = Database(StaticCredentials(url), application="test")
    await database.start()
    await eventually(database.ready)
    yield database
    await database.stop()


@asynccontextmanager
async def _relaying(database: Database, sidecar: Sidecar, **options: Any) -> AsyncIterator[None]:
    relay = OutboxRelay(
        database.listening, DaprPubSubService(sidecar, "task-events"), "test", **options
    )
    running = asyncio.create_task(relay.run())
    try:
        yield
    finally:
        relay.stop()
        await running


async def _announce(database: Database, user: str) -> None:
    data = TaskDeleted(task_id="t", user_id=user, deleted_at=datetime.now(UTC))
    async with database.transaction() as connection:
        await append(connection, new_event(uuid7(), data, datetime.now(UTC)))


async def _depth(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval("SELECT count(*) FROM outbox")
    finally:
        await connection.close()


def _failures() -> float:
    labels = {"topic": "task.deleted"}
    return REGISTRY.get_sample_value("event_publish_failures_total", labels) or 0.0


def _sequences(sidecar: RecordingSidecar) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for event in sidecar.events:
        found[event["partitionkey"]].append(event["seq"])
    return found


async def test_two_relays_keep_the_order_of_each_user(
    tasks_url: str, sidecar: RecordingSidecar
) -> None:
    users = [f"user-{number}" for number in range(12)]

    async def busy(database: Database, user: str) -> None:
        for _ in range(15):
            await _announce(database, user)

    async with (
        _database(tasks_url) as database,
        Sidecar(sidecar.url) as client,
        _relaying(database, client, batch=7),
        _relaying(database, client, batch=5),
    ):
        await asyncio.gather(*(busy(database, user) for user in users))
        await eventually(lambda: len(sidecar.events) >= 180)
    assert _sequences(sidecar) == {user: list(range(1, 16)) for user in users}
    assert await _depth(tasks_url) == 0


async def test_an_event_is_published_without_waiting_for_the_poll(
    tasks_url: str, sidecar: RecordingSidecar
) -> None:
    async with (
        _database(tasks_url) as database,
        Sidecar(sidecar.url) as client,
        _relaying(database, client, poll_seconds=3600.0),
    ):
        await _announce(database, "first")
        await eventually(lambda: sidecar.bulks)
        await _announce(database, "ann")
        await eventually(lambda: len(sidecar.bulks) == 2)


async def test_what_a_relay_cannot_publish_another_one_takes_over(
    tasks_url: str, sidecar: RecordingSidecar
) -> None:
    async with (
        _database(tasks_url) as database,
        Sidecar(f"http://127.0.0.1:{free_port()}") as nobody,
        Sidecar(sidecar.url) as client,
        _relaying(database, nobody, poll_seconds=0.2),
    ):
        before = _failures()
        await _announce(database, "ann")
        await eventually(lambda: _failures() > before)
        async with _relaying(database, client, poll_seconds=0.2):
            await eventually(lambda: sidecar.events)


async def test_a_shard_without_events_is_let_go(tasks_url: str, sidecar: RecordingSidecar) -> None:
    async with (
        _database(tasks_url) as database,
        Sidecar(sidecar.url) as client,
        _relaying(database, client),
        database.listening() as other,
    ):
        await _announce(database, "ann")
        await eventually(lambda: sidecar.events)
        lock = "SELECT pg_try_advisory_lock($1, $2)"

        async def free() -> bool:
            return bool((await other.fetch(lock, LOCK_SPACE, shard_of("ann")))[0][0])

        await eventually(free)


async def test_after_a_partly_failed_bulk_each_key_goes_on_from_its_first_failure(
    tasks_url: str, sidecar: RecordingSidecar
) -> None:
    failed_once: list[str] = []

    def verdict(_topic: str, entries: list[dict[str, Any]]) -> tuple[int, Any]:
        anns = [entry for entry in entries if entry["metadata"]["partitionKey"] == "ann"]
        if len(anns) >= 3 and not failed_once:
            failed_once.append(anns[1]["entryId"])
            body = [{"entryId": anns[1]["entryId"], "error": "no leader"}]
            return 500, {"failedEntries": body, "errorCode": "ERR_PUBSUB_PUBLISH_MESSAGE"}
        return 204, None

    sidecar.verdict = verdict
    async with _database(tasks_url) as database, Sidecar(sidecar.url) as client:
        for _ in range(3):
            await _announce(database, "ann")
            await _announce(database, "bob")
        async with _relaying(database, client):
            await eventually(lambda: len(_sequences(sidecar)["ann"]) >= 5)

    assert failed_once
    assert _sequences(sidecar)["ann"] == [1, 2, 3, 2, 3]
    assert _sequences(sidecar)["bob"] == [1, 2, 3]


async def test_events_wait_while_the_broker_is_away(
    tasks_url: str, sidecar: RecordingSidecar
) -> None:
    sidecar.verdict = lambda _topic, _entries: (500, {"errorCode": "ERR_PUBSUB_PUBLISH_MESSAGE"})
    async with (
        _database(tasks_url) as database,
        Sidecar(sidecar.url) as client,
        _relaying(database, client),
    ):
        await _announce(database, "ann")
        await eventually(lambda: len(sidecar.bulks) >= 2)
        assert await _depth(tasks_url) == 1
        sidecar.verdict = None
        sidecar.bulks.clear()
        await eventually(lambda: sidecar.bulks)
    assert await _depth(tasks_url) == 0


async def test_a_relay_killed_between_publish_and_delete_sends_the_same_event_again(
    tasks_url: str, sidecar: RecordingSidecar
) -> None:
    async with _database(tasks_url) as database, Sidecar(sidecar.url) as client:
        await _announce(database, "ann")
        publisher = DaprPubSubService(client, "task-events")
        published = asyncio.Event()

        class DiesAfterPublish:
            async def publish_bulk(self, topic: str, entries: Any) -> frozenset[str]:
                await publisher.publish_bulk(topic, entries)
                published.set()
                await asyncio.Event().wait()
                raise AssertionError

        dying = asyncio.create_task(
            OutboxRelay(database.listening, DiesAfterPublish(), "test").run()
        )
        await published.wait()
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        assert await _depth(tasks_url) == 1
        async with _relaying(database, client):
            await eventually(lambda: len(sidecar.events) >= 2)
    first, second = sidecar.events
    assert first["id"] == second["id"]
    assert await _depth(tasks_url) == 0


async def test_the_relay_outlives_its_database_connection(
    tasks_url: str, sidecar: RecordingSidecar, postgres: PostgresServer
) -> None:
    async with (
        _database(tasks_url) as database,
        Sidecar(sidecar.url) as client,
        _relaying(database, client),
    ):
        await _announce(database, "ann")
        await eventually(lambda: sidecar.bulks)
        name = tasks_url.rpartition("/")[2]
        await postgres.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
            f" WHERE datname = '{name}'"
        )
        await eventually(database.ready)
        await _announce(database, "ann")
        await eventually(lambda: len(sidecar.events) >= 2)


async def test_the_relay_learns_the_stable_name_of_newer_sidecars(
    tasks_url: str, sidecar: RecordingSidecar
) -> None:
    sidecar.stable_name = True
    async with (
        _database(tasks_url) as database,
        Sidecar(sidecar.url) as client,
        _relaying(database, client),
    ):
        await _announce(database, "ann")
        await eventually(lambda: sidecar.bulks)
    assert sidecar.bulks[0].path == "/v1.0/publish/bulk/task-events/task.deleted"


async def test_an_event_of_a_transaction_that_fails_is_never_published(
    tasks_url: str, sidecar: RecordingSidecar
) -> None:
    async with _database(tasks_url) as database:
        data = TaskDeleted(task_id="t", user_id="ann", deleted_at=datetime.now(UTC))
        with pytest.raises(ZeroDivisionError):
            async with database.transaction() as connection:
                await append(connection, new_event(uuid7(), data, datetime.now(UTC)))
                raise ZeroDivisionError
        assert await _depth(tasks_url) == 0
        await _announce(database, "ann")
        async with Sidecar(sidecar.url) as client, _relaying(database, client):
            await eventually(lambda: sidecar.bulks)
    assert _sequences(sidecar) == {"ann": [1]}


async def test_a_session_whose_packets_vanish_is_given_up_for_a_new_one(
    tasks_url: str, sidecar: RecordingSidecar
) -> None:
    address = urlsplit(tasks_url)
    async with vanishing_relay(address.port or 0) as way:
        host = f"{address.username}:{address.password}@127.0.0.1:{way.port}"
        async with (
            _database(tasks_url) as direct,
            _database(address._replace(netloc=host).geturl()) as database,
            Sidecar(sidecar.url) as client,
            _relaying(database, client),
        ):
            await _announce(direct, "ann")
            await eventually(lambda: len(sidecar.events) == 1)
            way.vanish()
            await _announce(direct, "bob")
            await eventually(lambda: len(sidecar.events) == 2, 60)
