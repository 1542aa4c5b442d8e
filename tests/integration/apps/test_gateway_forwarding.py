"""What the gateway passes on, to whom, as whom, and what it answers when nobody does."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from gateway_stack import Stack, gateway_stack, token, write_keys
from prometheus_client import REGISTRY
from pydantic import BaseModel
from recording_sidecar import RecordingSidecar
from running_app import eventually, running

from gateway.app import create_app
from gateway.routes.chat import CHAT
from gateway.routes.forwarding import Forwarded, Service, forwarding_router
from gateway.routes.notifications import NOTIFICATIONS
from gateway.routes.recurring_tasks import RECURRING_TASKS
from gateway.routes.reminders import REMINDERS
from gateway.routes.reports import REPORTS
from gateway.routes.tasks import TASKS
from gateway.routes.versions import VERSIONS
from gateway.settings import GatewaySettings
from todo_shared.models import RecipientUpdate, RecurringTaskCreate
from todo_shared.models.chat import ChatRequest
from todo_shared.settings import ServiceSettings

ROUTES = [*TASKS, *RECURRING_TASKS, *REMINDERS, *NOTIFICATIONS, *REPORTS, *CHAT]
APP_IDS = {
    Service.TASKS: "task-service",
    Service.NOTIFICATIONS: "notification-service",
    Service.SCHEDULER: "scheduler-service",
    Service.ANALYTICS: "analytics-service",
}
BODIES: dict[type[BaseModel], dict[str, Any]] = {
    RecurringTaskCreate: {"title": "milk", "recurrence_rule": "FREQ=WEEKLY;BYDAY=FR"},
    ChatRequest: {"message": "add milk"},
    RecipientUpdate: {"address": "ann@example.com"},
}
FALLBACK = {"error": "Service unavailable"}


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    """A gateway without limits, before services that answer {}."""
    async with gateway_stack(tmp_path, None, identity=False) as started:
        yield started


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Ann's client of it."""
    async with httpx.AsyncClient(base_url=stack.url, headers=token("ann")) as opened:
        yield opened


def concrete(route: Forwarded) -> str:
    """The path of `route` with an id in each place."""
    return re.sub(r"\{\w+\}", "0190-ab", route.path)


def body_of(route: Forwarded) -> dict[str, Any] | None:
    """A body that `route` takes."""
    if route.body is None:
        return None
    return BODIES.get(route.body, {"title": "milk"})


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_each_route_reaches_the_service_that_owns_it_as_the_user_of_the_token(
    stack: Stack, client: httpx.AsyncClient, route: Forwarded
) -> None:
    answer = await client.request(
        route.method,
        f"/api/v1{concrete(route)}",
        json=body_of(route),
        headers={"x-user-id": "bob", "x-correlation-id": "request-1"},
    )
    assert answer.status_code == route.status
    assert answer.content == (b"" if route.status == 204 else b"{}")
    ((app_id, path, sent),) = stack.sidecar.invoked
    headers = httpx.Headers(sent)
    assert app_id == APP_IDS[route.service]
    assert path.partition("?")[0] == f"/v1.0/invoke/{app_id}/method{concrete(route)}"
    assert headers["x-user-id"] == "ann"
    assert headers["x-correlation-id"] == answer.headers["x-correlation-id"] == "request-1"
    assert headers["traceparent"][3:35] == answer.headers["x-trace-id"]
    assert "authorization" not in headers
    assert ("idempotency-key" in headers) == route.keyed


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_no_route_works_without_a_token_and_only_safe_ones_are_repeated(
    stack: Stack, client: httpx.AsyncClient, route: Forwarded
) -> None:
    path = f"/api/v1{concrete(route)}"
    refused = await client.request(
        route.method, path, json=body_of(route), headers={"authorization": ""}
    )
    assert (refused.status_code, stack.sidecar.invoked) == (401, [])
    stack.sidecar.unreachable_invokes = 1
    answer = await client.request(route.method, path, json=body_of(route))
    repeats = len(stack.sidecar.invoked)
    assert (answer.status_code, repeats) == ((route.status, 2) if route.repeatable else (503, 1))
    assert route.repeatable == (
        route.method == "GET" or route.keyed or route.name in ("complete_task", "put_recipient")
    )


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("tasks", {"limit": "50", "sort": "created"}),
        ("tasks?q=m%26m&limit=2", {"q": "m&m", "limit": "2", "sort": "created"}),
        (
            "tasks?status=pending&due_before=2030-01-02T03:04:05%2B01:00",
            {
                "status": "pending",
                "due_before": "2030-01-02T03:04:05+01:00",
                "limit": "50",
                "sort": "created",
            },
        ),
        ("notifications?task_id=t", {"task_id": "t", "after": "0", "limit": "50"}),
        ("reports/summary?from=2030-01-02", {"from": "2030-01-02"}),
        ("reminders?task_id=t&after=x", {"task_id": "t", "after": "x", "limit": "50"}),
    ],
)
async def test_a_query_arrives_as_it_was_meant(
    stack: Stack, client: httpx.AsyncClient, path: str, sent: dict[str, str]
) -> None:
    assert (await client.get(f"/api/v1/{path}")).status_code == 200
    query = stack.sidecar.invoked[0][1].partition("?")[2]
    assert dict(httpx.QueryParams(query)) == sent


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/tasks?user_id=bob", None),
        ("GET", "/tasks?limit=101", None),
        ("GET", "/tasks?due_before=tomorrow", None),
        ("GET", "/tasks/due", None),
        ("GET", "/tasks/..%2f..%2fsecret", None),
        ("GET", "/tasks/a%3fb", None),
        ("GET", f"/tasks/{'a' * 65}", None),
        ("GET", "/reports/Secret_one", None),
        ("POST", "/tasks", {"title": ""}),
        ("POST", "/tasks", {"title": "x", "user_id": "bob"}),
        ("PATCH", "/tasks/1", {"title": "x", "user_id": "bob"}),
        ("PATCH", "/tasks/1", ["title"]),
        ("POST", "/chat", {"message": "x", "user_id": "bob"}),
        ("POST", "/reminders", {"task_id": "x", "user_id": "bob"}),
        ("POST", "/reminders", "text"),
    ],
)
async def test_what_cannot_be_meant_goes_no_further(
    stack: Stack, client: httpx.AsyncClient, method: str, path: str, body: object
) -> None:
    answer = await client.request(method, f"/api/v1{path}", json=body)
    assert answer.status_code in (404, 422)
    assert answer.json()["correlation_id"] == answer.headers["x-correlation-id"]
    assert stack.sidecar.invoked == []


async def test_a_change_carries_only_the_fields_that_were_given(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    given = {"due_date": None, "description": "ä"}
    await client.patch("/api/v1/tasks/1", json=given)
    await client.post("/api/v1/tasks", json={"title": " milk "})
    free = {"task_id": "x", "n": [1.5, None]}
    await client.post("/api/v1/reminders", json=free)
    sent = [json.loads(body) for body in stack.sidecar.bodies]
    assert sent == [given, {"title": "milk"}, free]


async def test_a_version_travels_both_ways(stack: Stack, client: httpx.AsyncClient) -> None:
    body = {"title": "milk"}
    answer = await client.patch("/api/v1/tasks/1", json=body, headers={"if-match": '"7"'})
    assert answer.headers["etag"] == '"8"'
    assert httpx.Headers(stack.sidecar.invoked[0][2])["if-match"] == '"7"'
    odd = await client.patch("/api/v1/tasks/1", json=body, headers={"if-match": "*"})
    assert odd.status_code == 422


async def test_an_answer_comes_back_as_it_is(stack: Stack, client: httpx.AsyncClient) -> None:
    stack.sidecar.answer = (409, {"error": "the task was deleted", "code": "conflict"})
    answer = await client.post("/api/v1/tasks/1/complete")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    stack.sidecar.answer = (204, None)
    assert (await client.delete("/api/v1/tasks/1")).content == b""


async def test_one_service_that_fails_is_left_alone_and_the_others_are_not(tmp_path: Path) -> None:
    async with (
        gateway_stack(tmp_path, None, identity=False, breaker_open_seconds=5) as stack,
        httpx.AsyncClient(base_url=stack.url, headers=token()) as client,
    ):
        stack.sidecar.unreachable_invokes = 5
        failed = [await client.delete("/api/v1/tasks/1") for _ in range(5)]
        calls = len(stack.sidecar.invoked)
        rejected = await client.get("/api/v1/tasks")
        asked = len(stack.sidecar.invoked)
        labels = {"target": "task-service"}
        state = REGISTRY.get_sample_value("circuit_breaker_state", labels)
        other = await client.get("/api/v1/notifications")
        chat = await client.post("/api/v1/chat", json={"message": "x"})

        async def back() -> bool:
            return (await client.get("/api/v1/tasks")).status_code == 200

        await eventually(back)
        closed = REGISTRY.get_sample_value("circuit_breaker_state", labels)
    assert {answer.status_code for answer in failed} == {503}
    assert [answer.json() for answer in failed] == [FALLBACK] * 5
    assert (rejected.status_code, rejected.json(), calls, asked) == (503, FALLBACK, 5, 5)
    assert (state, closed) == (2, 0)
    assert [other.status_code, chat.status_code] == [200, 503]


async def test_answers_of_5xx_open_the_circuit_too(stack: Stack, client: httpx.AsyncClient) -> None:
    stack.sidecar.answer = (500, {"error": "internal error"})
    answers = [await client.get("/api/v1/tasks") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [500] * 5 + [503]
    assert answers[-1].json() == FALLBACK


async def test_a_service_has_three_seconds(stack: Stack, client: httpx.AsyncClient) -> None:
    async def never(*_: Any) -> None:
        await asyncio.sleep(60)

    silent = await asyncio.start_server(never, "127.0.0.1", 0)
    stack.sidecar.apps["task-service"] = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
    started = time.monotonic()
    answer = await client.get("/api/v1/tasks", headers={})
    seconds = time.monotonic() - started
    silent.close()
    assert (answer.status_code, answer.json()) == (503, FALLBACK)
    # Another try, which a read may have, is within the same time: it would end after six.
    assert 2.9 < seconds < 5.9


async def test_a_second_version_runs_beside_the_first(
    sidecar: RecordingSidecar, tmp_path: Path
) -> None:
    def version_2(prefix: str, _: GatewaySettings) -> APIRouter:
        tasks = Forwarded("search", "GET", "/items", Service.TASKS, "Search.")
        return forwarding_router(prefix, [tasks])

    jwks, _ = write_keys(tmp_path)
    app = create_app(
        ServiceSettings(sidecar_url=sidecar.url),
        GatewaySettings(jwks_path=jwks),
        versions={**VERSIONS, "v2": version_2},
    )
    # Nobody answers: that both were called is all that matters.
    sidecar.unreachable_invokes = 99
    async with (
        running(app) as url,
        httpx.AsyncClient(base_url=url, headers=token()) as client,
    ):
        first = await client.delete("/api/v1/tasks/1")
        second = await client.get("/api/v2/items")
        absent = [await client.get(f"/api/{path}") for path in ("v1/items", "v2/tasks", "v3/tasks")]
        metrics = (await client.get("/metrics")).text
    assert (first.status_code, second.status_code) == (503, 503)
    assert [path for _, path, _ in sidecar.invoked] == [
        "/v1.0/invoke/task-service/method/tasks/1",
        "/v1.0/invoke/task-service/method/items",
    ]
    assert [answer.status_code for answer in absent] == [404, 404, 404]
    assert 'route="/api/v1/tasks/{task_id}",status="503"' in metrics
    assert 'route="/api/v2/items",status="503"' in metrics


async def test_chat_can_be_switched_off(tmp_path: Path) -> None:
    async with (
        gateway_stack(tmp_path, None, identity=False, chat_enabled=False) as stack,
        httpx.AsyncClient(base_url=stack.url, headers=token()) as client,
    ):
        assert (await client.post("/api/v1/chat", json={"message": "x"})).status_code == 404
        assert (await client.get("/api/v1/tasks")).status_code == 200


async def test_a_body_that_is_too_large_is_refused_announced_or_not(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    async def unannounced() -> AsyncIterator[bytes]:
        yield b'{"title": "x", "description": "'
        for _ in range(300):
            yield b"y" * 1024
        yield b'"}'

    announced = await client.post("/api/v1/tasks", json={"title": "x" * 262_144})
    streamed = await client.post(
        "/api/v1/tasks", content=unannounced(), headers={"content-type": "application/json"}
    )
    assert [announced.status_code, streamed.status_code] == [413, 413]
    assert announced.json()["error"] == streamed.json()["error"] == "the body is too large"
    assert announced.json()["code"] == streamed.json()["code"]
    assert stack.sidecar.invoked == []
