"""The whole slice with real sidecars, a real broker and a real database."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from broker import Broker
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from daprd import Daprd, configure_names
from ports import free_port
from running_app import eventually, running

from gateway.app import create_app as create_gateway
from gateway.settings import GatewaySettings
from notifications.app import create_app as create_notifications
from tasks.app import create_app as create_tasks
from todo_shared.settings import DatabaseSettings, ServiceSettings
from todo_shared.topics import create_topics, with_dead_letters

KEY = Ed25519PrivateKey.generate()
PREFIX = "real."
# The first use on a machine may have to build the sidecar.
pytestmark = pytest.mark.timeout(1800)
APPS = ("api-gateway", "task-service", "notification-service")


def _token(subject: str) -> dict[str, str]:
    claims = {
        "sub": subject,
        "iss": "https://identity.todo.local",
        "aud": "todo",
        "exp": int(time.time()) + 300,
    }
    signed = jwt.encode(claims, KEY, algorithm="EdDSA", headers={"kid": "k1"})
    return {"authorization": f"Bearer {signed}"}


def _configure(folder: Path, broker: Broker, sidecars: dict[str, Daprd]) -> None:
    """The components of the environment's chart, for sidecars without a control plane."""
    metadata = {
        "brokers": broker.address,
        "authType": "none",
        "disableTls": "true",
        "version": "3.6.0",
        "initialOffset": "oldest",
        "consumerGroup": "{appID}",
        "consumeRetryEnabled": "false",
        "sessionTimeout": "6s",
        "heartbeatInterval": "1s",
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
            "metadata": {"name": "task-created-subscription"},
            "spec": {
                "pubsubname": "task-events",
                "topic": f"{PREFIX}task.created",
                "deadLetterTopic": f"{PREFIX}task.created.dlq",
                "routes": {"default": "/events/task-created"},
                "bulkSubscribe": {
                    "enabled": True,
                    "maxMessagesCount": 100,
                    "maxAwaitDurationMs": 20,
                },
            },
            "scopes": ["notification-service"],
        },
        {
            "apiVersion": "dapr.io/v1alpha1",
            "kind": "Resiliency",
            "metadata": {"name": "resiliency"},
            "spec": {
                "policies": {
                    "retries": {
                        "inbound": {"policy": "constant", "duration": "100ms", "maxRetries": 3}
                    }
                },
                "targets": {"components": {"task-events": {"inbound": {"retry": "inbound"}}}},
            },
        },
    ]
    resources = folder / "resources"
    resources.mkdir()
    for number, document in enumerate(documents):
        (resources / f"{number}.yaml").write_text(json.dumps(document))
    configure_names(folder, _addresses(sidecars), tracing={"samplingRate": "1"})


def _addresses(sidecars: dict[str, Daprd]) -> str:
    """Where each app's sidecar listens, as a template of the resolver: no multicast, no DNS."""
    return "".join(
        f'{{{{if eq .ID "{app}"}}}}127.0.0.1:{sidecar.internal}{{{{end}}}}'
        for app, sidecar in sidecars.items()
    )


@dataclass
class System:
    """Everything that runs, and how to reach it."""

    gateway: str
    notifications: str
    sidecars: dict[str, Daprd]
    broker: Broker


@pytest.fixture
async def system(
    broker: Broker, tasks_url: str, notifications_url: str, tmp_path: Path
) -> AsyncIterator[System]:
    """Three services, each with its sidecar."""
    admin = AdminClient({"bootstrap.servers": broker.address})
    await asyncio.to_thread(create_topics, admin, with_dead_letters(), PREFIX, 1)
    ports = {app: free_port() for app in APPS}
    sidecars = {app: Daprd(app, tmp_path, tmp_path / "resources", ports[app]) for app in APPS}
    _configure(tmp_path, broker, sidecars)
    jwks = tmp_path / "jwks.json"
    entry = jwt.algorithms.OKPAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
    jwks.write_text(json.dumps({"keys": [entry | {"kid": "k1"}]}))

    def settings(app: str) -> ServiceSettings:
        return ServiceSettings(sidecar_url=sidecars[app].url, topic_prefix=PREFIX)

    tasks = create_tasks(settings("task-service"), DatabaseSettings(database_url=tasks_url))
    notifications = create_notifications(
        settings("notification-service"), DatabaseSettings(database_url=notifications_url)
    )
    gateway = create_gateway(settings("api-gateway"), GatewaySettings(jwks_path=jwks))
    for sidecar in sidecars.values():
        sidecar.start()
    try:
        async with (
            running(tasks, ports["task-service"]),
            running(notifications, ports["notification-service"]) as notifications_address,
            running(gateway, ports["api-gateway"]) as gateway_address,
        ):
            yield System(gateway_address, notifications_address, sidecars, broker)
    finally:
        for sidecar in sidecars.values():
            sidecar.stop()


async def _deliveries(system: System) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(base_url=system.notifications) as client:
        return (await client.get("/deliveries")).json()["items"]


async def test_tasks_flow_from_the_gateway_to_their_notifications(system: System) -> None:
    made: list[tuple[str, str, str]] = []

    async def create(user: str) -> None:
        async with httpx.AsyncClient(
            base_url=system.gateway, headers=_token(user), timeout=10
        ) as client:
            for number in range(10):
                answer = await client.post("/api/v1/tasks", json={"title": f"t{number}"})
                assert answer.status_code == 201, answer.text
                made.append((user, answer.json()["id"], answer.headers["x-trace-id"]))

    await asyncio.gather(*(create(f"user-{number}") for number in range(6)))

    async def all_delivered() -> bool:
        return len(await _deliveries(system)) >= 60

    await eventually(all_delivered, 60)
    found = await _deliveries(system)
    assert sorted((d["user_id"], d["task_id"], d["trace_id"]) for d in found) == sorted(made)
    for user in {user for user, _, _ in made}:
        assert [d["seq"] for d in found if d["user_id"] == user] == list(range(1, 11))
    async with httpx.AsyncClient(base_url=system.gateway, headers=_token("user-0")) as client:
        task = next(task for user, task, _ in made if user == "user-0")
        read = await client.get("/api/v1/notifications", params={"task_id": task})
    assert [item["task_id"] for item in read.json()["items"]] == [task]


async def test_no_task_is_lost_when_the_publishing_sidecar_is_killed(system: System) -> None:
    made: list[str] = []
    sidecar = system.sidecars["task-service"]
    async with httpx.AsyncClient(
        base_url=system.gateway, headers=_token("ann"), timeout=10
    ) as client:
        for number in range(20):
            if number == 10:
                await asyncio.to_thread(sidecar.kill)
                sidecar.start()
            answer = await client.post("/api/v1/tasks", json={"title": f"t{number}"})
            if answer.status_code == 201:
                made.append(answer.json()["id"])

    async def all_delivered() -> bool:
        return {d["task_id"] for d in await _deliveries(system)} >= set(made)

    await eventually(all_delivered, 60)
    delivered = [d["task_id"] for d in await _deliveries(system)]
    assert len(made) >= 10
    assert len(delivered) == len(set(delivered))


async def test_an_unreadable_message_ends_in_the_dead_letters_and_blocks_nobody(
    system: System,
) -> None:
    sidecar = system.sidecars["api-gateway"]
    topic = f"{PREFIX}task.created"
    async with httpx.AsyncClient(timeout=10) as client:
        poison = await client.post(
            f"{sidecar.url}/v1.0/publish/task-events/{topic}?metadata.partitionKey=ann",
            json={"not": "a task"},
        )
        assert poison.status_code == 204
        made = await client.post(
            f"{system.gateway}/api/v1/tasks", json={"title": "x"}, headers=_token("ann")
        )
    assert made.status_code == 201

    async def delivered() -> bool:
        return made.json()["id"] in {d["task_id"] for d in await _deliveries(system)}

    await eventually(delivered, 60)
    letter = await asyncio.to_thread(_first_message, system.broker.address, f"{topic}.dlq")
    assert b"not" in letter


def _first_message(address: str, topic: str) -> bytes:
    consumer = Consumer(
        {
            "bootstrap.servers": address,
            "group.id": f"reader-{time.time_ns()}",
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([topic])
    try:
        for _ in range(30):
            message = consumer.poll(1.0)
            if message is not None and message.error() is None:
                return message.value() or b""
    finally:
        consumer.close()
    raise AssertionError(f"nothing arrived in {topic}")
