"""Order per user on a real broker, and consumers that pass over what is stale."""

import asyncio
import json
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from broker import Broker
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from running_app import eventually
from sqlalchemy import MetaData, text

from todo_shared.broker import BrokerConnection
from todo_shared.consumer import EventConsumer, EventStatus
from todo_shared.credentials import StaticCredentials
from todo_shared.dapr.pubsub import BulkEntry
from todo_shared.database import Database
from todo_shared.events.envelope import ReceivedEvent, new_event
from todo_shared.events.payloads import (
    RecurringTaskCreated,
    RecurringTaskState,
    RecurringTaskUpdated,
)
from todo_shared.ids import uuid7
from todo_shared.ordering import EventOrder, event_order_table
from todo_shared.outbox import append
from todo_shared.rebuild import rebuild
from todo_shared.relay import OutboxRelay
from todo_shared.topics import create_topics, declared

PREFIX = "order."
TOPICS = ("recurring-task.updated", "recurring-task.created")
PAYLOADS = (RecurringTaskUpdated, RecurringTaskCreated)
USERS = [f"user-{number}" for number in range(5)]
UPDATES = 20


def state(payload: type[RecurringTaskState], user: str, series: str, version: int) -> Any:
    """The whole state of `series` at `version`."""
    return payload(
        recurring_task_id=series,
        user_id=user,
        title=f"version {version}",
        recurrence_rule="FREQ=DAILY",
        rule_kind="rrule",
        time_zone="UTC",
        starts_at="2030-01-01T09:00",
        gap_policy="shift_forward",
        overlap_policy="first",
        short_month_policy="skip",
        catch_up_policy="latest",
        lead_minutes=0,
        active=True,
        version=version,
    )


class FlakyPublisher:
    """Publishes to the broker with the key of each entry; loses some on the way, and says so."""

    def __init__(self, broker: Broker) -> None:
        self._producer = Producer({"bootstrap.servers": broker.address, "enable.idempotence": True})
        self._luck = random.Random(7)
        self.lost = 0

    async def publish_bulk(self, topic: str, entries: Sequence[BulkEntry]) -> frozenset[str]:
        """What comes after a lost entry arrives all the same, as it does with a sidecar."""
        # Few enough that the relay's growing pauses stay short.
        failed = {entry.id for entry in entries if self.lost < 8 and self._luck.random() < 0.2}
        for entry in entries:
            if entry.id not in failed:
                self._producer.produce(PREFIX + topic, entry.event, entry.key)
        assert await asyncio.to_thread(self._producer.flush, 60) == 0
        self.lost += len(failed)
        return frozenset(failed)


@asynccontextmanager
async def _database(url: str) -> AsyncIterator[Database]:
    database = Database(StaticCredentials(url), application="test")
    await database.start()
    await eventually(database.ready)
    metadata = MetaData()
    event_order_table(metadata)
    async with database.transaction() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.execute(text("CREATE TABLE taken (id serial, series text, title text)"))
    try:
        yield database
    finally:
        await database.stop()


@pytest.fixture
async def database(tasks_url: str) -> AsyncIterator[Database]:
    """A database with an outbox, an order of events and somewhere to keep state."""
    async with _database(tasks_url) as opened:
        yield opened


def _messages(broker: Broker, topic: str) -> list[Any]:
    consumer = Consumer(
        {
            "bootstrap.servers": broker.address,
            "group.id": f"reader-{time.time_ns()}",
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
        }
    )
    consumer.subscribe([PREFIX + topic])
    found: list[Any] = []
    ended: set[int] = set()
    while len(ended) < 6:
        message = consumer.poll(60)
        assert message is not None
        if message.error() is None:
            found.append(message)
        else:
            ended.add(message.partition())
    consumer.close()
    return found


async def _publish_histories(database: Database, broker: Broker) -> FlakyPublisher:
    """Each user makes two series and changes them in turn; the relay has a bad day."""
    publisher = FlakyPublisher(broker)
    relay = OutboxRelay(database.listening, publisher, "task-service", batch=20)

    async def change(user: str) -> None:
        for version in range(1, UPDATES + 1):
            payload = RecurringTaskCreated if version == 1 else RecurringTaskUpdated
            for series in (f"{user}-a", f"{user}-b"):
                data = state(payload, user, series, version)
                async with database.transaction() as connection:
                    await append(connection, new_event(uuid7(), data, datetime.now(UTC)))

    await asyncio.gather(*(change(user) for user in USERS))
    relaying = asyncio.create_task(relay.run())
    async with database.transaction() as connection:
        query = text("SELECT count(*) FROM outbox")

        async def published() -> bool:
            return (await connection.execute(query)).scalar_one() == 0

        await eventually(published, 120)
    relay.stop()
    await relaying
    return publisher


async def test_users_keep_their_order_and_consumers_end_at_the_newest_state(
    database: Database, broker: Broker
) -> None:
    admin = AdminClient({"bootstrap.servers": broker.address})
    wanted = tuple(topic for topic in declared() if topic.name in TOPICS)
    await asyncio.to_thread(create_topics, admin, wanted, PREFIX, 1)
    publisher = await _publish_histories(database, broker)
    messages = {topic: await asyncio.to_thread(_messages, broker, topic) for topic in TOPICS}

    assert publisher.lost > 0
    stale = 0
    for topic in TOPICS:
        arrived: dict[str, list[int]] = defaultdict(list)
        partitions: dict[str, set[int]] = defaultdict(set)
        for message in messages[topic]:
            user = message.key().decode()
            arrived[user].append(json.loads(message.value())["seq"])
            partitions[user].add(message.partition())
        assert {len(found) for found in partitions.values()} == {1}
        for sequence in arrived.values():
            stale += sum(seq < max(sequence[:at], default=0) for at, seq in enumerate(sequence))
            # Each event's last copy comes after the last copies of all events before it.
            last = {seq: at for at, seq in enumerate(sequence)}
            assert sorted(last) == sorted(last, key=lambda seq: last[seq])
    assert stale > 0, "nothing was out of order: the consumer is not put to the test"

    # The worst order of topics: all changes before the series they change exist.
    for payload in PAYLOADS:
        consumer = EventConsumer(payload, _keeping(database))
        wires = [json.loads(m.value()) for m in messages[_topic(payload)]]
        for at in range(0, len(wires), 7):
            statuses = await consumer.handle(wires[at : at + 7])
            assert set(statuses) == {EventStatus.SUCCESS}

    taken = await _taken(database)
    assert set(taken) == {f"{user}-{series}" for user in USERS for series in "ab"}
    for versions in taken.values():
        assert versions == sorted(set(versions))
        assert versions[-1] == UPDATES

    # The broker still keeps all of it: what was lost is built anew, whatever the order of topics.
    async with database.transaction() as connection:
        await connection.execute(text("TRUNCATE taken, event_order"))
    consumers = [EventConsumer(p, _keeping(database)) for p in PAYLOADS]
    assert await rebuild(BrokerConnection(broker.address), PREFIX, consumers) == sum(
        map(len, messages.values())
    )
    assert {
        series: found[-1] for series, found in (await _taken(database)).items()
    } == dict.fromkeys(taken, UPDATES)


def _topic(payload: type[RecurringTaskState]) -> str:
    return TOPICS[0] if payload is RecurringTaskUpdated else TOPICS[1]


def _keeping(database: Database) -> Any:
    order = EventOrder("scheduler-service")

    async def keep(events: Sequence[ReceivedEvent[RecurringTaskState]]) -> int:
        async with database.transaction() as connection:
            newest = await order.newest(
                connection, events, lambda event: event.data.recurring_task_id
            )
            for event in newest:
                await connection.execute(
                    text("INSERT INTO taken (series, title) VALUES (:series, :title)"),
                    {"series": event.data.recurring_task_id, "title": event.data.title},
                )
        return len(newest)

    return keep


async def _taken(database: Database) -> dict[str, list[int]]:
    """The versions that each series went through, in order."""
    async with database.transaction() as connection:
        rows = await connection.execute(text("SELECT series, title FROM taken ORDER BY id"))
        found: dict[str, list[int]] = defaultdict(list)
        for series, title in rows:
            found[series].append(int(title.removeprefix("version ")))
    return found


def received(
    seq: int, series: str = "s", source: str = "task-service"
) -> ReceivedEvent[RecurringTaskUpdated]:
    """An event as a consumer gets it."""
    data = state(RecurringTaskUpdated, "ann", series, seq)
    return ReceivedEvent(
        uuid7(), "recurring-task.updated", source, "ann", seq, datetime.now(UTC), "", "", data
    )


async def _newest(
    database: Database, *events: ReceivedEvent[RecurringTaskUpdated]
) -> list[tuple[str, int]]:
    async with database.transaction() as connection:
        found = await EventOrder("test").newest(
            connection, events, lambda event: event.data.recurring_task_id
        )
    return [(event.data.recurring_task_id, event.seq) for event in found]


async def test_of_each_thing_only_the_newest_event_is_taken_once(database: Database) -> None:
    batch = [received(2), received(5), received(3), received(1, "other")]
    assert await _newest(database, *batch) == [("s", 5), ("other", 1)]
    assert await _newest(database, *batch) == []
    assert await _newest(database, received(4), received(2, "other")) == [("other", 2)]
    assert await _newest(database, received(6)) == [("s", 6)]
    assert await _newest(database) == []


async def test_producers_count_for_themselves(database: Database) -> None:
    assert await _newest(database, received(9)) == [("s", 9)]
    assert await _newest(database, received(1, source="scheduler-service")) == [("s", 1)]


async def test_an_effect_that_fails_leaves_no_trace(database: Database) -> None:
    with pytest.raises(RuntimeError, match="failed"):
        async with database.transaction() as connection:
            await EventOrder("test").newest(connection, [received(3)], lambda _: "s")
            raise RuntimeError("failed")
    assert await _newest(database, received(3)) == [("s", 3)]


async def test_two_consumers_at_once_agree_on_the_newest(database: Database) -> None:
    async def one(seq: int) -> int:
        return len(await _newest(database, received(seq, "a"), received(seq, "b")))

    await asyncio.gather(*(one(seq) for seq in random.Random(3).sample(range(1, 21), 20)))
    assert await _newest(database, received(20, "a"), received(20, "b")) == []
    assert await _newest(database, received(21, "a")) == [("a", 21)]
