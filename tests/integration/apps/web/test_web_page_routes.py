"""The routes of the page and of the stream before a service whose every answer the test gives."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from gateway_stack import Stack, gateway_stack, token

from todo_shared.models import (
    DeliveryStatus,
    NewNotifications,
    NotificationResponse,
    NumberedNotification,
)

STREAM = "/api/v1/notifications/stream"
NOW = datetime(2030, 1, 1, tzinfo=UTC)
NOTIFICATION = NotificationResponse(
    id="1",
    event_id="e1",
    task_id="t1",
    user_id="ann",
    channel="push",
    subject="Task Reminder",
    body="milk",
    status=DeliveryStatus.PENDING,
    seq=1,
    trace_id="1" * 32,
    event_time=NOW,
    created_at=NOW,
)
NEWS = NewNotifications(
    items=(NumberedNotification(number=8, notification=NOTIFICATION),), last=8
).model_dump(mode="json")


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    """A gateway without limits."""
    async with gateway_stack(tmp_path, None, identity=False) as started:
        yield started


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Ann's client of it."""
    async with httpx.AsyncClient(base_url=stack.url, headers=token("ann")) as opened:
        yield opened


async def test_the_stream_asks_again_after_the_last_number(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    stack.sidecar.answer = (200, NEWS)
    answer = await client.get(STREAM, params={"seconds": 2}, headers={"last-event-id": "7"})
    asked = [path for _, path, _ in stack.sidecar.invoked]
    blocks = answer.text.split("\n\n")
    assert blocks[0].splitlines() == ["event: open", "data: {}", "id: 7", "retry: 1000"]
    assert "event: notification" in blocks[1]
    assert "id: 8" in blocks[1]
    assert asked[0].endswith("/notifications/new?after=7&wait=0.000")
    path, _, wait = asked[1].rpartition("&wait=")
    assert path.endswith("/notifications/new?after=8")
    assert 0 < float(wait) <= 2
    assert {headers["x-user-id"] for _, _, headers in stack.sidecar.invoked} == {"ann"}


@pytest.mark.parametrize("wrong", [(404, {}), (200, {"items": []}), (200, ["x"])])
async def test_an_answer_that_means_nothing_is_503(
    stack: Stack, client: httpx.AsyncClient, wrong: tuple[int, Any]
) -> None:
    stack.sidecar.answer = wrong
    answer = await client.get(STREAM)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_a_stream_that_breaks_just_ends(stack: Stack, client: httpx.AsyncClient) -> None:
    stack.sidecar.answer = (200, {"items": [], "last": 3})
    async with client.stream("GET", STREAM) as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == "event: open"
        stack.sidecar.answer = (404, {})
        rest = [line async for line in lines]
    assert "id: 3" in rest
    assert not [line for line in rest if line.startswith("event:")]


async def test_every_file_that_the_page_names_is_there(client: httpx.AsyncClient) -> None:
    index = await client.get("/")
    named = {part.split('"')[0] for part in index.text.split('="')[1:] if part.startswith("/web/")}
    assert {"/web/app.js", "/web/page.css", "/web/icon.svg"} <= named
    for path in named:
        file = await client.get(path)
        again = await client.get(path, headers={"if-none-match": f'"x", W/{file.headers["etag"]}'})
        assert (file.status_code, again.status_code, again.content) == (200, 304, b"")
