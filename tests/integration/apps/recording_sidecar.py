"""A recording sidecar: it speaks the publish and invoke API only to observe bytes on the wire.

It is not the sidecar of the product; runs against the real one are end-to-end tests.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import ClientSession, web

Verdict = Callable[[str, list[dict[str, Any]]], tuple[int, Any]]


@dataclass
class Bulk:
    """One bulk publish as it arrived."""

    path: str
    topic: str
    entries: list[dict[str, Any]]
    headers: dict[str, str]


@dataclass
class RecordingSidecar:
    """Records publishes; forwards invocations to `apps` by app id."""

    apps: dict[str, str] = field(default_factory=dict)
    bulks: list[Bulk] = field(default_factory=list)
    invoked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    stable_name: bool = False
    healthy: bool = True
    verdict: Verdict | None = None
    unreachable_invokes: int = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/v1.0/healthz/outbound", self._health)
        app.router.add_post("/v1.0/publish/{pubsub}/{topic:.*}", self._publish_one)
        app.router.add_post("/v1.0-alpha1/publish/bulk/{pubsub}/{topic:.*}", self._publish)
        app.router.add_route("*", "/v1.0/invoke/{app}/method/{path:.*}", self._invoke)
        self.routes(app)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._client = ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every CloudEvent that arrived, in order, repeats included."""
        return [entry["event"] for bulk in self.bulks for entry in bulk.entries]

    def routes(self, app: web.Application) -> None:
        """More of the API, for those who need it."""

    async def _health(self, _: web.Request) -> web.Response:
        return web.Response(status=204 if self.healthy else 500)

    async def _publish_one(self, request: web.Request) -> web.Response:
        if self.stable_name and request.match_info["pubsub"] == "bulk":
            topic = request.match_info["topic"].partition("/")[2]
            return await self._record(request, topic)
        return web.json_response(
            {"errorCode": "ERR_PUBSUB_NOT_FOUND", "message": "pubsub bulk is not found"}, status=400
        )

    async def _publish(self, request: web.Request) -> web.Response:
        return await self._record(request, request.match_info["topic"])

    async def _record(self, request: web.Request, topic: str) -> web.Response:
        entries = json.loads(await request.read())
        status, body = self.verdict(topic, entries) if self.verdict else (204, None)
        if status < 600:
            self.bulks.append(Bulk(request.path, topic, entries, dict(request.headers)))
        if body is None:
            return web.Response(status=status)
        return web.json_response(body, status=status)

    async def _invoke(self, request: web.Request) -> web.Response:
        app_id = request.match_info["app"]
        self.invoked.append((app_id, request.path, dict(request.headers)))
        if self.unreachable_invokes > 0:
            self.unreachable_invokes -= 1
            return web.json_response({"errorCode": "ERR_DIRECT_INVOKE", "message": "x"}, status=500)
        target = f"{self.apps[app_id]}/{request.match_info['path']}"
        async with self._client.request(
            request.method,
            target,
            params=request.query,
            data=await request.read(),
            headers={k: v for k, v in request.headers.items() if k.lower() != "host"},
        ) as answer:
            return web.Response(
                status=answer.status,
                body=await answer.read(),
                headers={"content-type": answer.headers.get("content-type", "text/plain")},
            )
