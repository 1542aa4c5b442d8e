"""Requests that a watch makes itself: an environment without users is not sound by silence."""

import itertools
from collections import deque
from dataclasses import dataclass, field
from typing import Final

import httpx

from ballast.gate.burn import too_many
from ballast.gate.tokens import Identity, mint
from ballast.gate.vitals import Look

# One read for each service behind the gateway; nothing that a watch asks leaves anything behind.
READS: Final = (
    "/api/v1/tasks?limit=1",
    "/api/v1/reminders",
    "/api/v1/notifications",
    "/api/v1/reports/summary",
)
USERS: Final = 24  # a gateway lets one user ask ten times a minute
SECONDS: Final = 5.0
REMEMBERED: Final = 40
FEWEST: Final = 5


@dataclass
class Asking:
    """Reads through a gateway as users of its own; `allowed` is the share that may fail."""

    url: str
    identity: Identity
    allowed: float
    results: deque[str] = field(default_factory=lambda: deque[str](maxlen=REMEMBERED))

    def __post_init__(self) -> None:
        """Signs the users in."""
        tokens = [mint(self.identity, f"bake-{user}", lifetime=7200) for user in range(USERS)]
        self._requests = zip(itertools.cycle(tokens), itertools.cycle(READS), strict=False)
        self._client = httpx.Client(base_url=self.url, timeout=SECONDS, trust_env=False)

    def look(self) -> Look:
        """Ask once, and judge what the last requests said."""
        token, path = next(self._requests)
        self.results.append(self._ask(token, path))
        failed = [said for said in self.results if said]
        total = len(self.results)
        if total < FEWEST or not too_many(len(failed), total, self.allowed):
            return Look()
        return Look(sick=(f"{len(failed)} of the watch's last {total} reads failed: {failed[-1]}",))

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _ask(self, token: str, path: str) -> str:
        """Empty when the answer is none of a broken server, else what came."""
        try:
            answer = self._client.get(path, headers={"authorization": f"Bearer {token}"})
        except httpx.HTTPError as error:
            return f"GET {path}: {error or type(error).__name__}"
        return f"GET {path} answers {answer.status_code}" if answer.is_server_error else ""
