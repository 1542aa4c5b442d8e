"""A small real HTTP server with the Todo API's routes and faults that a test can seed."""

import asyncio
import base64
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from task_audit import TaskAudit

Answer = tuple[int, object]


@dataclass
class TodoServer:
    """Answers on 127.0.0.1; the fields seed faults, by the number of a request or a create.

    Creates of the gate's independent client beside a load are not counted and not struck.
    """

    stall_at: float | None = None
    stall_seconds: float = 0.0
    delay: float = 0.002
    fail: Callable[[int], bool] = lambda number: False
    lose: Callable[[int], bool] = lambda number: False
    duplicate: Callable[[int], bool] = lambda number: False
    repeat: Callable[[int], bool] = lambda number: False  # one create makes two tasks
    misdeliver: Callable[[int], bool] = lambda number: False  # to another user
    overtake: Callable[[int], bool] = lambda number: False  # a delivery comes before all others
    miscount: bool = False  # reports show one less of each kind
    old_reads: bool = False  # reads show the version before the present one
    busy: int = 0  # so many reads of effects are refused first
    remind: bool = True
    port: int = 0
    requests: int = 0
    began: float = 0.0  # when the first request came
    tasks: dict[str, tuple[str, str]] = field(default_factory=dict)  # id -> (user, title)
    deliveries: list[tuple[str, str, str]] = field(default_factory=list)  # record, task, user
    reminded: set[str] = field(default_factory=set)
    creates: int = 0
    audit: TaskAudit = field(default_factory=TaskAudit)
    remind_at: list[str] = field(default_factory=list)
    accounts: set[str] = field(default_factory=set)
    operations: Counter[str] = field(default_factory=Counter)  # method and collection -> requests

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
                pairs = [line.split(": ", 1) for line in lines if line]
                headers = {name.lower(): value for name, value in pairs}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                status, answer = await self.answer(request, headers, body)
                text = b"" if answer is None else json.dumps(answer).encode()
                writer.write(
                    f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n"
                    f"retry-after: 7\r\ncontent-length: {len(text)}\r\n\r\n".encode()
                    + text
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def answer(self, request: str, headers: dict[str, str], body: bytes) -> Answer:
        method, path, _ = request.split(" ")
        self.began = self.began or time.monotonic()
        user = user_of(headers.get("authorization", ""))
        if self.stall_at is None or path.startswith("/api/v1/notifications"):
            await asyncio.sleep(self.delay)
        else:
            since = time.monotonic() - self.began
            held = self.stall_at <= since < self.stall_at + self.stall_seconds
            await asyncio.sleep(self.stall_at + self.stall_seconds - since if held else self.delay)
        if effects := self.effects(path, user):
            return effects
        self.requests += 1
        if self.fail(self.requests):
            return 503, {"error": "Service unavailable"}
        self.operations[f"{method} {path.split('/')[3].split('?')[0]}"] += 1
        if path.startswith("/api/v1/auth/"):
            return self.identity(path, json.loads(body)["email"])
        if not user:
            return 401, {"error": "no token"}
        if method == "POST" and path.count("/") == 3:
            return self.made(path, user, json.loads(body))
        return self.tasks_of(method, path, user, body)

    def made(self, path: str, user: str, body: dict[str, str]) -> Answer:
        if path == "/api/v1/tasks":
            return 201, self.create(user, body["title"])
        if path == "/api/v1/reminders":
            self.reminded |= {body["task_id"]} if self.remind else set()
            self.remind_at.append(body["remind_at"])
            return 201, {"id": "r1", "task_id": body["task_id"]}
        return (200 if path == "/api/v1/chat" else 201), {"id": uuid.uuid4().hex}

    def tasks_of(self, method: str, path: str, user: str, body: bytes) -> Answer:
        if path == "/api/v1/reminders":
            return 200, {"items": []}
        if path.startswith("/api/v1/tasks?"):
            mine = [
                {"id": task, "title": title, "version": self.shown(task)}
                for task, (owner, title) in self.tasks.items()
                if owner == user and not self.audit.is_deleted(task)
            ]
            return 200, {"items": mine, "next": None}
        return self.one_task(method, path.split("/")[4:], user, body)

    def identity(self, path: str, email: str) -> Answer:
        if path.endswith("/register"):
            self.accounts.add(email)
            return 201, {"access_token": "t"}
        return (200, {"access_token": "t"}) if email in self.accounts else (401, {})

    def one_task(self, method: str, parts: list[str], user: str, body: bytes) -> Answer:
        task, *action = parts
        if self.tasks.get(task, ("",))[0] != user or self.audit.is_deleted(task):
            return 404, {"error": "task not found"}
        if method == "DELETE":
            self.audit.change(user, task, "deleted")
            return 204, None
        if method == "PATCH":
            self.audit.change(user, task, "updated", json.loads(body).get("title"))
        elif action == ["complete"] and not self.audit.was(task, "completed"):
            self.audit.change(user, task, "completed")
        version = self.shown(task) if method == "GET" else self.audit.version(task)
        return 200, {"id": task, "title": "x", "version": version}

    def shown(self, task: str) -> int:
        return max(1, self.audit.version(task) - self.old_reads)

    def effects(self, path: str, user: str) -> Answer | None:
        if path.startswith("/api/v1/notifications"):
            answer = self.notifications(path, user)
        elif path.partition("?")[0].endswith("/audit"):
            answer = {"items": self.audit.entries[path.split("/")[4]], "next": None}
        elif path == "/api/v1/reports/summary":
            answer = self.audit.summary(user, less=int(self.miscount))
        else:
            return None
        self.busy -= 1
        return (429, {"error": "too many requests"}) if self.busy >= 0 else (200, answer)

    def create(self, user: str, title: str) -> dict[str, object]:
        task = uuid.uuid4().hex
        self.tasks[task] = (user, title)
        self.audit.change(user, task, "created", title)
        if "-ledger-" in user:
            self.deliver(task, user)
        else:
            self.creates += 1
            self.strike(task, user, self.creates)
        return {"id": task, "title": title, "version": 1}

    def strike(self, task: str, user: str, number: int) -> None:
        """Deliver a create with the faults that its number brings."""
        if self.misdeliver(number):
            user = next(owner for owner, _ in self.tasks.values() if owner != user)
        for _ in range(0 if self.lose(number) else 2 if self.duplicate(number) else 1):
            self.deliver(task, user, first=self.overtake(number))
        if self.repeat(number):
            again = uuid.uuid4().hex
            self.tasks[again] = self.tasks[task]
            self.audit.change(user, again, "created", self.tasks[task][1])
            self.deliver(again, user)

    def deliver(self, task: str, user: str, *, first: bool = False) -> None:
        self.deliveries.insert(0 if first else len(self.deliveries), (uuid.uuid4().hex, task, user))

    def notifications(self, path: str, user: str) -> dict[str, object]:
        wanted = path.split("task_id=")[1].split("&", maxsplit=1)[0] if "task_id=" in path else None
        items = [
            {
                "id": record,
                "task_id": task,
                "subject": "Task Created",
                "user_id": owner,
                "seq": number,
                "created_at": self.audit.entries[task][0]["at"],
            }
            for number, (record, task, owner) in enumerate(self.deliveries)
            if owner == user and wanted in {None, task}
        ]
        items += [
            {"id": f"reminder-{task}", "task_id": task, "subject": "Task Reminder"}
            for task in self.reminded & {wanted}
        ]
        return {"items": items, "next": None}


def user_of(authorization: str) -> str:
    """The subject of a JWT; any other token is itself the name of its user."""
    token = authorization.partition(" ")[2]
    if token.count(".") != 2:
        return token
    claims = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
