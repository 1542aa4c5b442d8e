"""From an acknowledged registration or login to the event in Kafka: real sidecar, store, broker."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from broker import Broker
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient
from daprd import Daprd
from gateway_stack import PASSWORD, write_keys
from ports import free_port
from postgres import PostgresServer
from redis_server import RedisServer
from running_app import running

from gateway.app import create_app
from gateway.settings import GatewaySettings, IdentitySettings
from todo_shared.settings import ServiceSettings
from todo_shared.topics import create_topics, declared

# The first use on a machine may have to build the sidecar.
pytestmark = pytest.mark.timeout(1800)
REGISTERED, AUTHENTICATED = "user.registered", "user.authenticated"


@dataclass(frozen=True, slots=True)
class System:
    """A running gateway, its sidecar, and where its events go."""

    url: str
    daprd: Daprd
    broker: Broker
    prefix: str
    database: str


def _configure(folder: Path, broker: Broker, database_url: str) -> Path:
    """The two components that the gateway's sidecar needs."""
    pubsub = {
        "brokers": broker.address,
        "authType": "none",
        "disableTls": "true",
        "version": "3.6.0",
        "consumerGroup": "{appID}",
    }
    state = {"connectionString": database_url, "keyPrefix": "appid"}
    components = {
        "task-events": ("pubsub.kafka", "v1", pubsub),
        "statestore": ("state.postgresql", "v2", state),
    }
    resources = folder / "resources"
    resources.mkdir()
    for name, (kind, version, metadata) in components.items():
        document: dict[str, Any] = {
            "apiVersion": "dapr.io/v1alpha1",
            "kind": "Component",
            "metadata": {"name": name},
            "spec": {
                "type": kind,
                "version": version,
                "metadata": [{"name": n, "value": v} for n, v in metadata.items()],
            },
        }
        (resources / f"{name}.yaml").write_text(json.dumps(document))
    (folder / "config.yaml").write_text(
        json.dumps(
            {
                "apiVersion": "dapr.io/v1alpha1",
                "kind": "Configuration",
                "metadata": {"name": "dapr-config"},
                "spec": {},
            }
        )
    )
    return resources


@pytest.fixture
async def system(broker: Broker, postgres: PostgresServer, tmp_path: Path) -> AsyncIterator[System]:
    """A gateway that issues tokens."""
    prefix = f"gateway{time.time_ns()}."
    topics = [topic for topic in declared() if topic.name in (REGISTERED, AUTHENTICATED)]
    admin = AdminClient({"bootstrap.servers": broker.address})
    await asyncio.to_thread(create_topics, admin, topics, prefix, 1)
    database = prefix.strip(".")
    await postgres.execute(f"CREATE DATABASE {database}")
    port = free_port()
    daprd = Daprd(
        "api-gateway", tmp_path, _configure(tmp_path, broker, postgres.url(database)), port
    )
    redis = RedisServer(tmp_path / "redis")
    redis.start()
    jwks, signing = write_keys(tmp_path)
    app = create_app(
        ServiceSettings(sidecar_url=daprd.url, topic_prefix=prefix),
        GatewaySettings(
            jwks_path=jwks,
            redis_url=redis.url,
            redis_seconds=2,
            auth_rate_limit_per_minute=1000,
            client_rate_limit_per_15_minutes=1000,
        ),
        IdentitySettings(
            identity_signing_key_path=signing, password_hash_cost=4, outbox_poll_seconds=1
        ),
    )
    daprd.start()
    try:
        async with running(app, port) as url:
            yield System(url, daprd, broker, prefix, postgres.url(database))
    finally:
        daprd.stop()
        redis.stop()


def _messages(system: System, count: int, seconds: float = 60) -> list[dict[str, Any]]:
    """At least `count` events of both topics, in the order of arrival."""
    consumer = Consumer(
        {
            "bootstrap.servers": system.broker.address,
            "group.id": f"reader-{time.time_ns()}",
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([system.prefix + REGISTERED, system.prefix + AUTHENTICATED])
    found: list[dict[str, Any]] = []
    deadline = time.monotonic() + seconds
    try:
        while len({event["id"] for event in found}) < count and time.monotonic() < deadline:
            message = consumer.poll(0.5)
            if message is not None and message.error() is None:
                event = json.loads(message.value() or b"")
                assert (message.key() or b"").decode() == event["partitionkey"]
                found.append(event)
    finally:
        consumer.close()
    return found


def _person(number: int) -> dict[str, str]:
    return {"email": f"person{number}@example.com", "password": PASSWORD}


async def test_every_acknowledged_registration_and_login_is_announced(system: System) -> None:
    async with httpx.AsyncClient(base_url=system.url, timeout=30) as client:
        made = await asyncio.gather(
            *(client.post("/auth/register", json=_person(number)) for number in range(16)),
            *(client.post("/auth/register", json=_person(0)) for _ in range(3)),
        )
        assert sorted(answer.status_code for answer in made) == [201] * 16 + [409] * 3
        logins = await asyncio.gather(
            *(client.post("/auth/login", json=_person(number % 4)) for number in range(12))
        )
        assert {answer.status_code for answer in logins} == {200}
        first = logins[0].json()["refresh_token"]
        rotated = await client.post("/auth/refresh", json={"refresh_token": first})
        reused = await client.post("/auth/refresh", json={"refresh_token": first})
        ended = await client.post(
            "/auth/refresh", json={"refresh_token": rotated.json()["refresh_token"]}
        )
    assert [rotated.status_code, reused.status_code, ended.status_code] == [200, 401, 401]
    users = {a.json()["user"]["id"] for a in made if a.status_code == 201}
    events = await asyncio.to_thread(_messages, system, 28)
    assert {e["data"]["user_id"] for e in events if e["type"].endswith("registered.v1")} == users
    numbered: dict[str, set[int]] = {}
    for event in events:
        numbered.setdefault(event["partitionkey"], set()).add(event["seq"])
    four = sorted(len(seqs) for seqs in numbered.values())
    assert four == [1] * 12 + [4] * 4
    assert all(seqs == set(range(1, len(seqs) + 1)) for seqs in numbered.values())


async def test_nothing_acknowledged_is_lost_when_the_sidecar_is_killed(system: System) -> None:
    acknowledged: set[str] = set()
    async with httpx.AsyncClient(base_url=system.url, timeout=30) as client:
        for number in range(12):
            if number == 6:
                await asyncio.to_thread(system.daprd.kill)
                system.daprd.start()
            answer = await client.post("/auth/register", json=_person(number))
            if answer.status_code == 201:
                acknowledged.add(answer.json()["user"]["id"])
            else:
                assert answer.status_code == 503, answer.text
    assert len(acknowledged) >= 6
    events = await asyncio.to_thread(_messages, system, len(acknowledged))
    assert {event["data"]["user_id"] for event in events} >= acknowledged
