"""One task, from the token at the gateway to the notification that its owner reads back."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from recording_sidecar import RecordingSidecar
from running_app import eventually, running

from gateway.app import create_app
from gateway.settings import GatewaySettings
from todo_shared.settings import ServiceSettings

KEY = Ed25519PrivateKey.generate()


def token(subject: str = "ann") -> dict[str, str]:
    """The header of a request by `subject`."""
    claims = {
        "sub": subject,
        "iss": "https://identity.todo.local",
        "aud": "todo",
        "exp": int(time.time()) + 60,
    }
    signed = jwt.encode(claims, KEY, algorithm="EdDSA", headers={"kid": "k1"})
    return {"authorization": f"Bearer {signed}"}


@pytest.fixture
async def gateway(
    sidecar: RecordingSidecar, settings: ServiceSettings, tmp_path: Path
) -> AsyncIterator[str]:
    """A running gateway."""
    entry = jwt.algorithms.OKPAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps({"keys": [entry | {"kid": "k1"}]}))
    async with running(create_app(settings, GatewaySettings(jwks_path=jwks))) as url:
        yield url


@pytest.fixture
def services(
    sidecar: RecordingSidecar, tasks_service: str, notifications_service: str
) -> RecordingSidecar:
    """Both services, known to the sidecar by their app ids."""
    sidecar.apps = {"task-service": tasks_service, "notification-service": notifications_service}
    return sidecar


async def _hand_on(sidecar: RecordingSidecar, seen: int = 0) -> int:
    """Deliver what was published, as the sidecar of the subscriber would."""
    await eventually(lambda: len(sidecar.bulks) > seen)
    async with httpx.AsyncClient(base_url=sidecar.apps["notification-service"]) as client:
        for recorded in sidecar.bulks[seen:]:
            body: dict[str, Any] = {"id": "b", "entries": recorded.entries}
            answer = await client.post("/events/task-created", json=body)
            assert {entry["status"] for entry in answer.json()["statuses"]} == {"SUCCESS"}
    return len(sidecar.bulks)


async def test_a_task_created_at_the_gateway_is_seen_delivered(
    gateway: str, services: RecordingSidecar
) -> None:
    async with httpx.AsyncClient(base_url=gateway, headers=token()) as client:
        made = await client.post("/api/v1/tasks", json={"title": "milk"})
        assert made.status_code == 201
        await _hand_on(services)
        await _hand_on(services)
        task = made.json()["id"]
        found = (await client.get("/api/v1/notifications", params={"task_id": task})).json()
        other = await client.get(
            "/api/v1/notifications", params={"task_id": task}, headers=token("bob")
        )
    assert [item["task_id"] for item in found["items"]] == [task]
    assert found["items"][0]["trace_id"] == made.headers["x-trace-id"]
    assert other.json()["items"] == []


async def test_the_gateways_own_repeats_create_one_task(
    gateway: str, services: RecordingSidecar
) -> None:
    services.unreachable_invokes = 2
    async with httpx.AsyncClient(base_url=gateway, headers=token()) as client:
        made = await client.post("/api/v1/tasks", json={"title": "milk"})
        listed = await client.get("/api/v1/tasks")
    assert made.status_code == 201
    assert len(listed.json()["items"]) == 1
    creates = [each for _, _, each in services.invoked if each.get("Content-Type")]
    assert len(creates) == 3
    assert len({each["idempotency-key"] for each in creates}) == 1


async def test_every_route_of_a_task_works_through_the_gateway(
    gateway: str, services: RecordingSidecar
) -> None:
    async with httpx.AsyncClient(base_url=gateway, headers=token()) as client:
        task = (await client.post("/api/v1/tasks", json={"title": "milk"})).json()["id"]
        shown = await client.get(f"/api/v1/tasks/{task}")
        done = await client.post(f"/api/v1/tasks/{task}/complete")
        gone = await client.delete(f"/api/v1/tasks/{task}")
        after = await client.get(f"/api/v1/tasks/{task}")
        pending = await client.get("/api/v1/tasks", params={"status": "pending", "limit": 1})
    assert [shown.status_code, done.status_code, gone.status_code] == [200, 200, 204]
    assert (after.status_code, after.json()["error"]) == (404, "task not found")
    assert pending.json() == {"items": [], "next": None}
    users = {headers["x-user-id"] for _, _, headers in services.invoked}
    assert users == {"ann"}


async def test_a_service_that_cannot_be_reached_answers_with_the_fallback(
    gateway: str, services: RecordingSidecar
) -> None:
    services.unreachable_invokes = 99
    async with httpx.AsyncClient(base_url=gateway, headers=token()) as client:
        answer = await client.get("/api/v1/tasks")
    assert (answer.status_code, answer.json()) == (503, {"error": "Service unavailable"})


async def test_the_caller_cannot_name_another_user(
    gateway: str, services: RecordingSidecar
) -> None:
    async with httpx.AsyncClient(base_url=gateway, headers=token()) as client:
        await client.post("/api/v1/tasks", json={"title": "x"}, headers={"x-user-id": "bob"})
        smuggled = await client.post("/api/v1/tasks", json={"title": "x", "user_id": "bob"})
    assert smuggled.status_code == 422
    assert {headers["x-user-id"] for _, _, headers in services.invoked} == {"ann"}
