"""A small real HTTP server with the Todo API's routes and faults that a test can seed."""

import asyncio
import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

Answer = tuple[int, object]


@dataclass
class TodoServer:
    """Answers on 127.0.0.1. `verdict(n, operation)` may turn request n into another status."""

    stall_at: float | None = None
    stall_seconds: float = 0.0
    delay: float = 0.002
    fail: Callable[[int], bool] = lambda number: False
    lose: Callable[[int], bool] = lambda number: False
    duplicate: Callable[[int], bool] = lambda number: False
    port: int = 0
    requests: int = 0
    began: float = 0.0  # when the first request came
    tasks: dict[str, tuple[str, str]] = field(default_factory=dict)  # id -> (user, title)
    deliveries: list[tuple[str, str, str]] = field(default_factory=list)  # record, task, user

    def __enter__(self) -> "TodoServer":
        self.loop = asyncio.new_event_loop()
        started = threading.Event()

        def serve() -> None:
            asyncio.set_event_loop(self.loop)
            server = self.loop.run_until_complete(
                asyncio.start_server(self.connection, "127.0.0.1", self.port)
            )
            self.port = server.sockets[0].getsockname()[1]
            started.set()
            self.loop.run_forever()
            server.close()

        self.thread = threading.Thread(target=serve, daemon=True)
        self.thread.start()
        started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                request, *lines = head.split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in lines if line)
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                status, answer = await self.answer(request, headers, body)
                text = json.dumps(answer).encode()
                writer.write(
                    f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n"
                    f"content-length: {len(text)}\r\n\r\n".encode()
                    + text
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def answer(self, request: str, headers: dict[str, str], body: bytes) -> Answer:
        method, path, _ = request.split(" ")
        self.began = self.began or time.monotonic()
        user = headers["authorization"].removeprefix("bearer ")
        if self.stall_at is None or path.startswith("/api/v1/notifications"):
            await asyncio.sleep(self.delay)
        else:
            since = time.monotonic() - self.began
            held = self.stall_at <= since < self.stall_at + self.stall_seconds
            await asyncio.sleep(self.stall_at + self.stall_seconds - since if held else self.delay)
        if path.startswith("/api/v1/notifications"):
            return 200, self.notifications(path, user)
        self.requests += 1
        if self.fail(self.requests):
            return 503, {"error": "Service unavailable"}
        if method == "POST" and path == "/api/v1/tasks":
            return 201, self.create(user, json.loads(body)["title"])
        if path.startswith("/api/v1/tasks?"):
            mine = [
                {"id": task, "title": title}
                for task, (owner, title) in self.tasks.items()
                if owner == user
            ]
            return 200, {"items": mine, "next": None}
        return 200, {"id": path.split("/")[4], "title": "x"}

    def create(self, user: str, title: str) -> dict[str, str]:
        task = uuid.uuid4().hex
        self.tasks[task] = (user, title)
        number = len(self.tasks)
        copies = 0 if self.lose(number) else 2 if self.duplicate(number) else 1
        for _ in range(copies):
            self.deliveries.append((uuid.uuid4().hex, task, user))
        return {"id": task, "title": title}

    def notifications(self, path: str, user: str) -> dict[str, object]:
        wanted = path.split("task_id=")[1].split("&", maxsplit=1)[0] if "task_id=" in path else None
        items = [
            {"id": record, "task_id": task, "subject": "Task Created"}
            for record, task, owner in self.deliveries
            if owner == user and wanted in {None, task}
        ]
        return {"items": items, "next": None}
