"""The gateway's stream of notifications, and the files of the page, as any client sees them."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from gateway_stack import token
from running_app import eventually
from web_stack import Backing, WebStack, web_stack
from web_visitor import reminder

pytestmark = [pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]
STREAM = "/api/v1/notifications/stream"


@dataclass
class Heard:
    """What one reader of the stream has heard."""

    status: int = 0
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    events: list[tuple[str, str, Any]] = field(default_factory=list)
    ended: bool = False

    @property
    def names(self) -> list[str]:
        """The reminders, in order."""
        return [data["body"].split(": ")[1].split(" ")[0] for name, _, data in self.events if data]

    async def read(self, client: httpx.AsyncClient, **arguments: Any) -> None:
        async with client.stream("GET", STREAM, timeout=60, **arguments) as answer:
            self.status, self.headers = answer.status_code, answer.headers
            event: dict[str, str] = {}
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if line:
                    event[name] = value
                elif "event" in event:
                    self.events.append((event["event"], event["id"], json.loads(event["data"])))
                    event = {}
        self.ended = True


@asynccontextmanager
async def listening(stack: WebStack, user: str, **arguments: Any) -> AsyncIterator[Heard]:
    """A reader while the block runs, once its stream is open."""
    heard = Heard()
    async with httpx.AsyncClient(base_url=stack.gateway.url, headers=token(user)) as client:
        reading = asyncio.create_task(heard.read(client, **arguments))
        try:
            await eventually(lambda: heard.events or reading.done(), 60)
            yield heard
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def test_each_hears_their_own_at_once_and_numbered(stack: WebStack) -> None:
    async with listening(stack, "s1") as one, listening(stack, "s2") as two:
        await stack.hand_on(reminder("s1", "a", "s1-a"), "s1-a")
        await stack.hand_on(reminder("s2", "b", "s2-b"), "s2-b")
        await eventually(lambda: one.names and two.names)
        await stack.hand_on(reminder("s1", "c", "s1-c"), "s1-c")
        await eventually(lambda: len(one.names) == 2)
    assert (one.names, two.names) == (["a", "c"], ["b"])
    assert [(name, number) for name, number, _ in one.events] == [
        ("open", "0"),
        ("notification", "1"),
        ("notification", "2"),
    ]
    assert one.headers["content-type"].startswith("text/event-stream")


async def test_who_comes_back_goes_on_where_they_were(stack: WebStack) -> None:
    for name in "abc":
        await stack.hand_on(reminder("s3", name, f"s3-{name}"), f"s3-{name}")
    async with listening(stack, "s3") as fresh:
        pass
    async with listening(stack, "s3", headers={"last-event-id": "1"}) as back:
        await eventually(lambda: len(back.names) == 2)
    assert fresh.events == [("open", "3", {})]
    assert back.names == ["b", "c"]


async def test_a_stream_needs_a_token_and_a_sound_number(stack: WebStack) -> None:
    async with httpx.AsyncClient(base_url=stack.gateway.url) as client:
        nobody = await client.get(STREAM)
        wrong = await client.get(STREAM, headers=token("s4") | {"last-event-id": "x"})
        brief = await client.get(STREAM, headers=token("s4"), params={"seconds": "0.2"})
    assert (nobody.status_code, wrong.status_code, brief.status_code) == (401, 422, 200)


async def test_one_user_has_four_streams_at_most(stack: WebStack) -> None:
    async with (
        listening(stack, "s5"),
        listening(stack, "s5"),
        listening(stack, "s5"),
        listening(stack, "s5"),
    ):
        async with listening(stack, "s5") as fifth:
            pass
        async with listening(stack, "s6") as other:
            pass

    async def admitted_again() -> bool:
        async with listening(stack, "s5") as later:
            return later.status == 200

    # The gateway hears a moment later that a reader went away.
    await eventually(admitted_again, 60)
    assert (fifth.status, fifth.headers["retry-after"]) == (429, "30")
    assert other.status == 200


async def test_what_is_away_answers_503_and_ends_a_stream(stack: WebStack) -> None:
    async with listening(stack, "s7") as heard:
        away = stack.sidecar.apps.pop("notification-service")
        stack.sidecar.answer = (500, {"errorCode": "ERR_DIRECT_INVOKE", "message": "x"})
        try:
            await eventually(lambda: heard.ended, 60)
            async with listening(stack, "s8") as refused:
                pass
            stack.sidecar.answer = (200, {"unknown": 1})
            async with listening(stack, "s8") as strange:
                pass
        finally:
            stack.sidecar.apps["notification-service"] = away
            stack.sidecar.answer = None
    assert (refused.status, strange.status) == (503, 503)


async def test_a_stream_is_no_slow_request(stack: WebStack) -> None:
    async with listening(stack, "s9"):
        pass
    async with httpx.AsyncClient(base_url=stack.gateway.url) as client:

        async def metrics() -> str:
            return (await client.get("/metrics")).text

        async def all_ended() -> bool:
            return "live_streams 0.0" in await metrics()

        # The gateway hears a moment later that a reader went away.
        await eventually(all_ended, 60)
        assert (await client.get("/")).status_code == 200
        assert 'route="/api/v1/notifications/stream"' not in await metrics()


async def test_a_stopping_gateway_ends_its_streams(backing: Backing, tmp_path: Path) -> None:
    async with (
        web_stack(tmp_path, **await backing.urls()) as stack,
        listening(stack, "s1") as heard,
    ):
        assert stack.gateway.process is not None
        stack.gateway.process.send_signal(signal.SIGTERM)
        await eventually(lambda: heard.ended, 60)
        assert await asyncio.wait_for(stack.gateway.process.wait(), 60) == 0
    assert all(each.get("level") != "ERROR" for each in stack.gateway.logged())


async def test_the_files_are_cached_by_their_content_and_free(
    backing: Backing, tmp_path: Path
) -> None:
    limit = {"CLIENT_RATE_LIMIT_PER_15_MINUTES": "1"}
    async with (
        web_stack(tmp_path, **await backing.urls(), **limit) as stack,
        httpx.AsyncClient(base_url=stack.gateway.url) as client,
    ):
        page = await client.get("/")
        script = await client.get("/web/app.js")
        again = await client.get("/web/app.js", headers={"if-none-match": script.headers["etag"]})
        head = await client.head("/")
        hidden = await client.get("/web/..%2fapp.py")
        limited = await client.get("/web/nothing.js")
        paths = (await client.get("/openapi.json")).status_code
    assert (page.status_code, script.status_code, head.status_code) == (200, 200, 200)
    assert script.headers["content-type"].startswith("text/javascript")
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == script.headers["etag"]
    assert page.headers["cache-control"] == script.headers["cache-control"] == "no-cache"
    assert (hidden.status_code, limited.status_code, paths) == (404, 429, 429)
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "<script>" not in page.text
    assert "style=" not in page.text
