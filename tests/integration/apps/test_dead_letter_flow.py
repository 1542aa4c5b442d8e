"""A poison event on a real sidecar: set aside after the retries, then replayed to one effect."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from broker import Broker
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from daprd import Daprd, configure_names
from fastapi import APIRouter, FastAPI
from ports import free_port
from running_app import eventually, running
from sqlalchemy import MetaData, text

from todo_shared.consumer import EventConsumer
from todo_shared.credentials import StaticCredentials
from todo_shared.database import Database
from todo_shared.dead_letters.command import main
from todo_shared.events.envelope import ReceivedEvent, StoredEvent, encode, new_event
from todo_shared.events.payloads import TaskCreated
from todo_shared.ids import derived
from todo_shared.inbox import Inbox, inbox_table
from todo_shared.topics import create_topics, with_dead_letters

PREFIX = "flow."
TOPIC = f"{PREFIX}task.created"
# The first use on a machine may have to build the sidecar.
pytestmark = pytest.mark.timeout(1800)
RULES = Path(__file__).parents[3] / "gitops" / "observability" / "event-rules.yaml"
DROPS = "dapr_component_pubsub_ingress_bulk_event_count"


@dataclass
class Receiver:
    """A consumer with an inbox; it fails on the titles in `refused`."""

    database: Database
    refused: set[str] = field(default_factory=set)
    calls: int = 0

    async def effect(self, events: Sequence[ReceivedEvent[TaskCreated]]) -> int:
        """One row of `effects` for each new event, in the transaction of the inbox."""
        self.calls += 1
        async with self.database.transaction() as connection:
            fresh = await Inbox("flow").claim(connection, "task.created", events)
            for event in fresh:
                if event.data.title in self.refused:
                    raise RuntimeError(f"cannot handle {event.data.title}")
                await connection.execute(
                    text("INSERT INTO effects (title) VALUES (:title)"),
                    {"title": event.data.title},
                )
        return len(fresh)

    async def effects(self) -> list[str]:
        """The titles of the events that had an effect, in order."""
        async with self.database.transaction() as connection:
            rows = await connection.execute(text("SELECT title FROM effects ORDER BY id"))
            return [str(title) for (title,) in rows]


@dataclass
class Flow:
    """A consumer behind a sidecar, and what a producer needs."""

    receiver: Receiver
    sidecar: Daprd
    broker: Broker

    def send(self, title: str, user: str = "ann") -> bytes:
        """Publish an event as the relay's sidecar does: key and partition by user."""
        data = TaskCreated(task_id=title, user_id=user, title=title)
        new = new_event(derived("flow", title), data, datetime.now(UTC))
        stored = StoredEvent(1, new.id, new.topic, new.key, 1, new.time, new.data, "", "")
        value = encode(stored, "task-service")
        self.put(TOPIC, value, user)
        return value

    def put(self, topic: str, value: bytes, user: str) -> None:
        """Publish bytes to the partition of this key."""
        producer = Producer({"bootstrap.servers": self.broker.address})
        producer.produce(topic, value, user, partition=_partition(user))
        assert producer.flush(60) == 0

    def letters(self) -> list[Message]:
        """Everything among the dead letters, as the broker holds it."""
        consumer = Consumer({"bootstrap.servers": self.broker.address, "group.id": "flow-reader"})
        found: list[Message] = []
        for partition in range(6):
            place = TopicPartition(f"{TOPIC}.dlq", partition, OFFSET_BEGINNING)
            first, end = consumer.get_watermark_offsets(place, timeout=30)
            consumer.assign([place])
            for _ in range(first, end):
                message = consumer.poll(30)
                assert message is not None
                assert message.error() is None
                found.append(message)
        consumer.close()
        return found


def _partition(user: str) -> int:
    """Where a sidecar puts what has this key: FNV-1a, read as a signed number."""
    digest = 0x811C9DC5
    for byte in user.encode():
        digest = (digest ^ byte) * 0x01000193 % 2**32
    return abs(digest - 2**32 if digest >= 2**31 else digest) % 6


def _configure(folder: Path, broker: Broker) -> None:
    metadata = {
        "brokers": broker.address,
        "authType": "none",
        "disableTls": "true",
        "version": "3.6.0",
        "initialOffset": "oldest",
        "consumerGroup": "{appID}",
        "consumeRetryEnabled": "false",
    }
    documents: list[dict[str, Any]] = [
        {
            "apiVersion": "dapr.io/v1alpha1",
            "kind": "Component",
            "metadata": {"name": "task-events"},
            "spec": {
                "type": "pubsub.kafka",
                "version": "v1",
                "metadata": [{"name": n, "value": v} for n, v in metadata.items()],
            },
        },
        {
            "apiVersion": "dapr.io/v2alpha1",
            "kind": "Subscription",
            "metadata": {"name": "task-created"},
            "spec": {
                "pubsubname": "task-events",
                "topic": TOPIC,
                "deadLetterTopic": f"{TOPIC}.dlq",
                "routes": {"default": "/events/task-created"},
                "bulkSubscribe": {
                    "enabled": True,
                    "maxMessagesCount": 100,
                    "maxAwaitDurationMs": 20,
                },
            },
        },
        {
            "apiVersion": "dapr.io/v1alpha1",
            "kind": "Resiliency",
            "metadata": {"name": "todo"},
            "spec": {
                "policies": {
                    "retries": {
                        "consume": {"policy": "constant", "duration": "100ms", "maxRetries": 3}
                    }
                },
                "targets": {"components": {"task-events": {"inbound": {"retry": "consume"}}}},
            },
        },
    ]
    (folder / "resources").mkdir()
    for number, document in enumerate(documents):
        (folder / "resources" / f"{number}.yaml").write_text(json.dumps(document))
    configure_names(folder)


@pytest.fixture
async def flow(
    broker: Broker, tasks_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Flow]:
    """Broker, sidecar, consumer and database, all real."""
    monkeypatch.setenv("KAFKA_BROKERS", broker.address)
    monkeypatch.setenv("TOPIC_PREFIX", PREFIX)
    admin = AdminClient({"bootstrap.servers": broker.address})
    await asyncio.to_thread(create_topics, admin, with_dead_letters(), PREFIX, 1)
    database = Database(StaticCredentials(tasks_url), application="test")
    await database.start()
    await eventually(database.ready)
    metadata = MetaData()
    inbox_table(metadata)
    async with database.transaction() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.execute(text("CREATE TABLE effects (id serial, title text)"))
    receiver = Receiver(database)
    app, routes = FastAPI(), APIRouter()
    EventConsumer(TaskCreated, receiver.effect).mount(routes, "/events/task-created")
    routes.add_api_route("/ready", lambda: {"status": "ready"})
    app.include_router(routes)
    port = free_port()
    _configure(tmp_path, broker)
    sidecar = Daprd("flow-service", tmp_path, tmp_path / "resources", port)
    sidecar.start()
    try:
        async with running(app, port):
            yield Flow(receiver, sidecar, broker)
    finally:
        sidecar.stop()
        await database.stop()


async def _counted_drops(sidecar: Daprd) -> bool:
    """Whether the sidecar counts, under the name and status that the alert has.

    It counts the deliveries in which something was set aside, not the events.
    """
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"http://127.0.0.1:{sidecar.metrics}/metrics")).text
    labels = rf'app_id="flow-service",.*process_status="DROP",topic="{re.escape(TOPIC)}"'
    counts = re.findall(rf"^{DROPS}\{{{labels}\}} (\d+)$", text, re.MULTILINE)
    return sum(map(int, counts)) >= 1


def test_the_alert_counts_what_the_sidecar_counts() -> None:
    assert RULES.read_text().count(f'{DROPS}{{process_status=~"(?i)drop"}}') == 3


async def test_a_poison_event_is_set_aside_alerted_and_replayed_to_one_effect(
    flow: Flow, capsys: pytest.CaptureFixture[str]
) -> None:
    flow.receiver.refused = {"poison"}
    await asyncio.to_thread(flow.send, "before")
    poison = await asyncio.to_thread(flow.send, "poison")
    await asyncio.to_thread(flow.put, TOPIC, b'{"no": "event"}', "bob")
    await asyncio.to_thread(flow.send, "after")

    async def went_on() -> bool:
        return await flow.receiver.effects() == ["before", "after"]

    await eventually(went_on, 90)
    await eventually(lambda: len(flow.letters()) == 2, 30)

    # Same key, same bytes, same partition; the sidecar adds where it came from.
    (letter,) = [each for each in flow.letters() if each.key() == b"ann"]
    assert (letter.value(), letter.partition()) == (poison, _partition("ann"))
    told = {name: value.decode() for name, value in letter.headers()}
    assert told["__topic"] == TOPIC
    assert told["__key"] == "ann"

    await eventually(lambda: _counted_drops(flow.sidecar), 30)

    name = str(derived("flow", "poison"))
    assert await asyncio.to_thread(main, ["show", name]) == 0
    assert "header __topic: flow.task.created" in capsys.readouterr().out

    # Replayed before the cause is gone, it comes back; afterwards it has its one effect.
    assert await asyncio.to_thread(main, ["replay", name]) == 0
    await eventually(lambda: len(flow.letters()) == 3, 60)
    flow.receiver.refused = set()
    for _ in range(2):
        assert await asyncio.to_thread(main, ["replay", name]) == 0
    await asyncio.to_thread(flow.send, "last")

    async def all_done() -> bool:
        return "last" in await flow.receiver.effects()

    await eventually(all_done, 60)
    assert await flow.receiver.effects() == ["before", "after", "poison", "last"]
