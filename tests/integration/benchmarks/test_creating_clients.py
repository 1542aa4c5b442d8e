"""Clients against a server that fails in every way: each create is answered once, in its order."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from aiohttp import web
from workload import clients as module
from workload.clients import Clients, Create
from workload.environment import Users

from ballast.gate.history.operations import Result

Reply = Callable[[], web.Response]


@dataclass
class Tasks:
    """Keeps tasks by key, and answers the first attempts of a create as it is told."""

    failures: list[Reply | None] = field(default_factory=list[Reply | None])
    tasks: dict[str, str] = field(default_factory=dict[str, str])
    attempts: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])

    async def create(self, request: web.Request) -> web.Response:
        """Store a task; a failure of None stores it and breaks the connection."""
        body = await request.json()
        key = request.headers["idempotency-key"]
        self.attempts.append((request.headers["authorization"], key, body["title"]))
        failure: Reply | None = None
        fails = bool(self.failures)
        if fails:
            failure = self.failures.pop(0)
        if failure is not None:
            return failure()
        known = key in self.tasks
        self.tasks.setdefault(key, str(uuid.uuid4()))
        if fails:
            assert request.transport is not None
            request.transport.close()
        return web.json_response({"id": self.tasks[key]}, status=200 if known else 201)


@asynccontextmanager
async def serving(tasks: Tasks) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/api/v1/tasks", tasks.create)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        assert site.name
        yield str(site.name)
    finally:
        await runner.cleanup()


async def played(tasks: Tasks, number: int = 6, users: int = 2) -> list[Create]:
    async with serving(tasks) as url:
        who = Users([f"u{n}" for n in range(users)], [f"t{n}" for n in range(users)])
        clients = Clients(url, who, "run")
        await asyncio.wait_for(clients.play(500, lambda made: made < number), 60)
    return clients.creates


async def test_each_create_is_made_by_its_user_under_a_key_of_its_own() -> None:
    tasks = Tasks()
    creates = await played(tasks)
    assert [create.task for create in creates] == [tasks.tasks[create.key] for create in creates]
    assert all(create.result is Result.ACKNOWLEDGED for create in creates)
    assert {(who, key) for who, key, _ in tasks.attempts} == {
        (f"Bearer t{number % 2}", f"run-{number}") for number in range(6)
    }
    assert all(key == title for _, key, title in tasks.attempts)


@pytest.mark.parametrize(
    "failure", [lambda: web.Response(status=503), lambda: web.Response(text="no task"), None]
)
async def test_what_has_no_answer_is_sent_again_under_its_key(failure: Reply | None) -> None:
    tasks = Tasks([failure])
    [create] = await played(tasks, number=1)
    assert create.result is Result.ACKNOWLEDGED
    assert create.task == tasks.tasks["run-0"]
    assert [key for _, key, _ in tasks.attempts] == ["run-0", "run-0"]
    assert len(create.failures) == 1


async def test_a_refusal_is_final() -> None:
    [create] = await played(Tasks([lambda: web.Response(status=422)]), number=1)
    assert (create.result, create.task) == (Result.FAILED, "")


async def test_who_asks_too_often_waits_as_told() -> None:
    tasks = Tasks([lambda: web.Response(status=429, headers={"retry-after": "1"})])
    [create] = await played(tasks, number=1)
    assert create.result is Result.ACKNOWLEDGED
    assert create.completed - create.invoked >= 1


async def test_the_creates_of_a_user_wait_for_each_other() -> None:
    creates = await played(Tasks([lambda: web.Response(status=503)] * 3), number=8, users=1)
    for earlier, later in pairwise(creates):
        assert earlier.completed <= later.invoked


async def test_what_is_never_answered_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GIVE_UP_SECONDS", 0.3)
    [create] = await played(Tasks([lambda: web.Response(status=503)] * 99), number=1)
    assert create.result is Result.UNKNOWN
