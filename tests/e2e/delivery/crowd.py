"""Many users who write through the edge, a few requests a second, and note what they were told."""

import itertools
import threading
import time
import uuid
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx

from ballast.gate.tokens import Identity, mint

WORKERS = 8
Ask = tuple[str, dict[str, str]]  # path and body of a POST


@dataclass(frozen=True)
class Told:
    """One answer: to whom, to what, with which status, and the task that was made."""

    user: int
    path: str
    status: int
    task: str
    at: float


class Crowd:
    """`users` take turns, `rate` requests a second in all, on a new connection each time."""

    def __init__(self, url: str, identity: Identity, users: int, rate: float) -> None:
        run = uuid.uuid4().hex[:8]
        self.url = url
        self.names = [f"crowd-{run}-{number}" for number in range(users)]
        self.tokens = [mint(identity, name, lifetime=3600) for name in self.names]
        self.asks: Sequence[Ask] = (("/api/v1/tasks", {"title": "side by side"}),)
        self.told = list[Told]()
        self._seconds = WORKERS / rate
        self._turns = itertools.count()
        self._under_way = [threading.Lock() for _ in range(WORKERS)]
        self._stopped = threading.Event()

    @contextmanager
    def asking(self) -> Generator[None]:
        """They ask while this lasts."""
        threads = [threading.Thread(target=self._ask, args=(place,)) for place in range(WORKERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            for thread in threads:
                thread.join()

    @contextmanager
    def paused(self) -> Generator[None]:
        """Nobody asks, and all answers have come, while this lasts."""
        with ExitStack() as stack:
            for lock in self._under_way:
                stack.enter_context(lock)
            yield

    def _ask(self, place: int) -> None:
        due = time.monotonic() + self._seconds * place / WORKERS
        with httpx.Client(base_url=self.url, timeout=15, trust_env=False) as client:
            while not self._stopped.wait(max(0.0, due - time.monotonic())):
                with self._under_way[place]:
                    self.told.append(self._answer(client, next(self._turns)))
                due = max(due + self._seconds, time.monotonic())

    def _answer(self, client: httpx.Client, turn: int) -> Told:
        user = turn % len(self.names)
        path, body = self.asks[(user + turn // len(self.names)) % len(self.asks)]
        headers = {"authorization": f"Bearer {self.tokens[user]}", "connection": "close"}
        try:
            answer = client.post(path, json=body, headers=headers)
            task = answer.json().get("id", "") if answer.is_success else ""
            return Told(user, path, answer.status_code, task, time.monotonic())
        except httpx.HTTPError:
            return Told(user, path, 0, "", time.monotonic())  # no answer is no success


def statuses(told: Sequence[Told], among: Callable[[Told], bool] = lambda _: True) -> set[int]:
    """Every status that was told."""
    return {each.status for each in told if among(each)}
