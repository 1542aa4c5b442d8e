"""Stands where task-service is, for answers that the real one gives only in rare moments."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web


@dataclass
class TemplateServer:
    """Makes instances once each; `answers` are given first, one a request, while it is `open`."""

    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    instances: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    tasks: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        self.open.set()
        app = web.Application()
        app.router.add_post("/recurring-tasks/{series}/instances", self._instance)
        app.router.add_get("/tasks/{task}", self._task)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def keys(self) -> list[str]:
        """The instances of the first series, in the order they were made."""
        return self.instances["series-1"]

    async def _instance(self, request: web.Request) -> web.Response:
        series, body = request.match_info["series"], await request.json()
        self.requests.append((series, body, dict(request.headers)))
        await self.open.wait()
        if self.answers:
            status, document = self.answers.pop(0)
            return web.json_response(document, status=status)
        made = self.instances[series]
        if body["occurrence_key"] in made:
            return web.json_response({}, status=200)
        made.append(body["occurrence_key"])
        return web.json_response({}, status=201)

    async def _task(self, request: web.Request) -> web.Response:
        found = self.tasks.get((request.headers["x-user-id"], request.match_info["task"]))
        if found is None:
            return web.json_response({"error": "task not found"}, status=404)
        return web.json_response(found)
