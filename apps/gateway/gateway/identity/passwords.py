"""Passwords: stored as bcrypt hashes, worked on outside of the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import bcrypt

from todo_shared.errors import UnavailableError

T = TypeVar("T")

MIN_BYTES: Final = 10
# bcrypt reads no further.
MAX_BYTES: Final = 72
# Hashing takes a core for a third of a second: more at once would only starve everything else.
_WORKERS: Final = 2
_WAITING: Final = 32


class PasswordHasher:
    """Hashes and verifies with bcrypt at `cost`; at most a few at a time, few more waiting."""

    def __init__(self, cost: int, waiting: int = _WAITING) -> None:
        self._cost = cost
        self._waiting = waiting
        self._pending = 0
        self._threads = ThreadPoolExecutor(_WORKERS, thread_name_prefix="bcrypt")
        # A well-formed hash of nothing: it costs what a real one costs, and matches no password.
        self._nobody = f"$2b${cost:02d}$" + "." * 53

    async def hash(self, password: str) -> str:
        """The salted hash of `password`; raises UnavailableError when too many wait."""
        salt = bcrypt.gensalt(self._cost)
        return (await self._run(lambda: bcrypt.hashpw(password.encode(), salt))).decode()

    async def verify(self, password: str, hashed: str | None) -> bool:
        """Whether `hashed` is a hash of `password`. None is not, and takes the same time.

        Raises UnavailableError when too many wait.
        """
        known = (hashed or self._nobody).encode()
        return await self._run(lambda: bcrypt.checkpw(password.encode(), known))

    def outdated(self, hashed: str) -> bool:
        """Whether `hashed` was made at another cost than the one in force."""
        return hashed.split("$")[2] != f"{self._cost:02d}"

    def close(self) -> None:
        """End the threads; what they work on is finished first."""
        self._threads.shutdown()

    async def _run(self, work: Callable[[], T]) -> T:
        if self._pending >= self._waiting:
            raise UnavailableError("too many passwords are being checked now")
        self._pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._pending -= 1
