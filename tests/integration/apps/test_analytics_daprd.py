"""Real sidecars and a real broker: each service has its own copy of each event."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from analytics_oracle import expected
from analytics_stack import Sent, created, history, projected, rows, sent
from broker import Broker
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from daprd import Daprd, configure_names
from ports import free_port
from running_app import eventually, running

from analytics.app import create_app as create_analytics
from notifications.app import create_app as create_notifications
from todo_shared.settings import DatabaseSettings, ServiceSettings
from todo_shared.topics import create_topics, declared, with_dead_letters

PREFIX = "whole."
# The first use on a machine may have to build the sidecar.
pytestmark = pytest.mark.timeout(1800)


@dataclass
class Pair:
    """The broker, and the databases of two services that hear of the same events."""

    broker: Broker
    analytics_url: str
    notifications_url: str
    analytics_sidecar: Daprd

    def publish(self, *events: Sent) -> None:
        """Put events into the broker."""
        producer = Producer({"bootstrap.servers": self.broker.address, "enable.idempotence": True})
        for event in events:
            producer.produce(
                PREFIX + event.topic, json.dumps(event.wire), event.wire["partitionkey"]
            )
        assert producer.flush(60) == 0

    async def told_of(self) -> set[str]:
        """The tasks that users were told of."""
        return {
            task for (task,) in await rows(self.notifications_url, "SELECT task_id FROM deliveries")
        }


def _configure(folder: Path, broker: Broker, topics: list[str]) -> Path:
    metadata = {
        "brokers": broker.address,
        "authType": "none",
        "disableTls": "true",
        "version": "3.6.0",
        "initialOffset": "oldest",
        "consumerGroup": "{appID}",
    }
    component: dict[str, Any] = {
        "apiVersion": "dapr.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": "task-events"},
        "spec": {
            "type": "pubsub.kafka",
            "version": "v1",
            "metadata": [{"name": name, "value": value} for name, value in metadata.items()],
        },
    }
    documents = [component, *(_subscription(topic) for topic in topics)]
    (folder / "resources").mkdir(parents=True)
    for number, document in enumerate(documents):
        (folder / "resources" / f"{number}.yaml").write_text(json.dumps(document))
    configure_names(folder)
    return folder


def _subscription(topic: str) -> dict[str, Any]:
    return {
        "apiVersion": "dapr.io/v2alpha1",
        "kind": "Subscription",
        "metadata": {"name": topic.replace(".", "-")},
        "spec": {
            "pubsubname": "task-events",
            "topic": PREFIX + topic,
            "deadLetterTopic": f"{PREFIX}{topic}.dlq",
            "routes": {"default": f"/events/{topic.replace('.', '-')}"},
            "bulkSubscribe": {
                "enabled": True,
                "maxMessagesCount": 100,
                "maxAwaitDurationMs": 20,
            },
        },
    }


@pytest.fixture
async def pair(
    broker: Broker, analytics_url: str, notifications_url: str, tmp_path: Path
) -> AsyncIterator[Pair]:
    """Both services behind sidecars of their own."""
    admin = AdminClient({"bootstrap.servers": broker.address})
    await asyncio.to_thread(create_topics, admin, with_dead_letters(), PREFIX, 1)
    places = {
        "analytics-service": [topic.name for topic in declared()],
        "notification-service": ["task.created"],
    }
    ports = {name: free_port() for name in places}
    sidecars = {
        name: Daprd(name, folder, folder / "resources", ports[name])
        for name, topics in places.items()
        if (folder := _configure(tmp_path / name, broker, topics))
    }
    mine, other = (ServiceSettings(sidecar_url=sidecars[name].url) for name in places)
    for each in sidecars.values():
        each.start()
    try:
        async with (
            running(
                create_analytics(mine, DatabaseSettings(database_url=analytics_url)),
                ports["analytics-service"],
            ),
            running(
                create_notifications(other, DatabaseSettings(database_url=notifications_url)),
                ports["notification-service"],
            ),
        ):
            yield Pair(broker, analytics_url, notifications_url, sidecars["analytics-service"])
    finally:
        for each in sidecars.values():
            each.stop()


async def test_every_topic_is_consumed_in_a_group_of_its_own(pair: Pair) -> None:
    pair.publish(*history(), *reversed(history()))

    async def projected_right() -> bool:
        return await projected(pair.analytics_url) == expected(history())

    await eventually(projected_right, 120)
    tasks = {"one", "two", "three", "four"}

    async def told() -> bool:
        return await pair.told_of() == tasks

    await eventually(told, 60)
    # Nobody misses analytics, and what it missed it makes up for.
    pair.analytics_sidecar.kill()
    pair.publish(sent(created("five"), 60))
    tasks.add("five")
    await eventually(told, 60)
    pair.analytics_sidecar.start()
    events = [*history(), sent(created("five"), 60)]

    async def caught_up() -> bool:
        return await projected(pair.analytics_url) == expected(events)

    await eventually(caught_up, 120)
