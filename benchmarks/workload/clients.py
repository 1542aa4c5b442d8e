"""Clients that create tasks as an open model, and repeat what got no answer under the same key.

A create is due at its time, whatever became of those before it; only a user's own creates wait for
each other, so that their order is known. It counts once, however often it was sent.
"""

import asyncio
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp

from ballast.gate.history.operations import Kind, Operation, Result
from ballast.gate.history.requests import REFUSED, TASKS_PATH
from workload.environment import Users

TOO_MANY: Final = 429
ATTEMPT_SECONDS: Final = 5.0
GIVE_UP_SECONDS: Final = 120.0
PAUSES: Final = (0.1, 0.2, 0.4, 0.8)
CONNECTIONS: Final = 512
NO_ANSWER: Final = 0


@dataclass(frozen=True)
class Failure:
    """One attempt without a success; `status` 0 means that no answer came."""

    at: float
    status: int
    said: str


@dataclass
class Create:
    """One create from its intended start to its answer, all in Unix seconds."""

    number: int
    user: str
    key: str
    intended: float
    due: float | None = None
    invoked: float = 0.0
    completed: float = 0.0
    result: Result = Result.UNKNOWN
    task: str = ""
    failures: list[Failure] = field(default_factory=list[Failure])

    @property
    def latency(self) -> float:
        """Seconds from the intended start to the answer."""
        return self.completed - self.intended

    @property
    def lag(self) -> float:
        """Seconds by which it was sent late, by this process or behind its user's last one."""
        return self.invoked - self.intended

    @property
    def operation(self) -> Operation:
        """As a history has it."""
        return Operation(
            self.user, self.key, Kind.CREATE, self.task, self.invoked, self.completed,
            self.result, 1 if self.task else 0,
        )  # fmt: skip


@dataclass
class Clients:
    """All clients of one run; `finished` is called with each create that has its answer.

    `due_of` gives the Unix time at which the task of a create is due, or None.
    """

    url: str
    users: Users
    run: str
    finished: Callable[[Create], None] = lambda _: None
    due_of: Callable[[int], float | None] = lambda _: None
    creates: list[Create] = field(default_factory=list[Create])
    last_failure: float = 0.0

    async def play(self, rate: float, go_on: Callable[[int], bool], seed: int = 1) -> None:
        """Creates at `rate` a second while `go_on(number)`; returns when all have been answered."""
        zero = time.time() - time.monotonic()
        chance = random.Random(seed)
        turns = [asyncio.Lock() for _ in self.users.names]
        connector = aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=15)
        timeout = aiohttp.ClientTimeout(total=ATTEMPT_SECONDS)
        async with (
            aiohttp.ClientSession(self.url, connector=connector, timeout=timeout) as session,
            asyncio.TaskGroup() as group,
        ):
            due = time.monotonic()
            while go_on(len(self.creates)):
                due += chance.expovariate(rate)
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                place = len(self.creates) % len(turns)
                create = self._next(place, zero + due)
                group.create_task(self._play(session, turns[place], place, create, zero))

    def _next(self, place: int, intended: float) -> Create:
        number = len(self.creates)
        create = Create(
            number,
            self.users.names[place],
            f"{self.run}-{number}",
            intended,
            self.due_of(number),
        )
        self.creates.append(create)
        return create

    async def _play(
        self,
        session: aiohttp.ClientSession,
        turn: asyncio.Lock,
        place: int,
        create: Create,
        zero: float,
    ) -> None:
        async with turn:
            create.invoked = zero + time.monotonic()
            await self._until_answered(session, place, create, zero)
            create.completed = zero + time.monotonic()
        self.finished(create)

    async def _until_answered(
        self, session: aiohttp.ClientSession, place: int, create: Create, zero: float
    ) -> None:
        body: dict[str, Any] = {"title": create.key}
        if create.due is not None:
            body["due_date"] = datetime.fromtimestamp(create.due, UTC).isoformat()
        headers = {
            "authorization": f"Bearer {self.users.tokens[place]}",
            "idempotency-key": create.key,
            "content-type": "application/json",
        }
        while zero + time.monotonic() < create.invoked + GIVE_UP_SECONDS:
            status, said, wait = await _attempt(session, headers, json.dumps(body).encode(), create)
            if create.task:
                create.result = Result.ACKNOWLEDGED
                return
            self.last_failure = zero + time.monotonic()
            create.failures.append(Failure(self.last_failure, status, said))
            if status in REFUSED - {TOO_MANY}:
                create.result = Result.FAILED
                return
            pause = PAUSES[min(len(create.failures), len(PAUSES)) - 1]
            await asyncio.sleep(max(wait, pause * random.uniform(0.5, 1.5)))


async def _attempt(
    session: aiohttp.ClientSession, headers: dict[str, str], body: bytes, create: Create
) -> tuple[int, str, float]:
    """Status, error text, and for how long the server wants to be left alone."""
    try:
        async with session.post(TASKS_PATH, data=body, headers=headers) as answer:
            text = await answer.read()
            if answer.ok:
                create.task = str(json.loads(text)["id"])
            wait = float(answer.headers.get("retry-after", 0)) if answer.status == TOO_MANY else 0.0
            return answer.status, text.decode(errors="replace")[:200], wait
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError) as error:
        return NO_ANSWER, type(error).__name__, 0.0


def acknowledged(creates: Sequence[Create]) -> list[Create]:
    """Those that got their task."""
    return [create for create in creates if create.result is Result.ACKNOWLEDGED]
