"""Which replica is the first to fire the reminders of a shard, and which ones stand behind it.

Every live replica holds the reminders of all shards. The primary fires at the due instant, the
others a moment later; the database lets only one succeed. When a replica dies, the delay of the
second is all that is lost.
"""

import asyncio
import logging
from hashlib import blake2b
from typing import Final

from scheduler.clock import DatabaseClock
from scheduler.repository.replicas import ReplicaRepository
from todo_shared.failures import is_transient

_log = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 1.0


def primary_of(shard: int, live: frozenset[str]) -> str:
    """The replica that fires `shard` at once: few shards move when replicas come and go."""

    def weight(replica: str) -> bytes:
        return blake2b(f"{shard}:{replica}".encode(), digest_size=8).digest()

    return max(live, key=weight)


class Membership:
    """Tells the database every second that this replica is alive, and keeps who else is."""

    def __init__(self, repository: ReplicaRepository, clock: DatabaseClock, replica: str) -> None:
        self._repository = repository
        self._clock = clock
        self._replica = replica
        self._live = frozenset({replica})
        self._primaries: dict[int, str] = {}

    @property
    def live(self) -> frozenset[str]:
        """The replicas that were alive at the last heartbeat."""
        return self._live

    def is_primary(self, shard: int) -> bool:
        """Whether this replica is the first to fire `shard`."""
        if shard not in self._primaries:
            self._primaries[shard] = primary_of(shard, self._live)
        return self._primaries[shard] == self._replica

    async def beat(self) -> None:
        """One heartbeat; it also measures the clock of the database."""
        heartbeat = await self._repository.beat(self._replica, self._clock.monotonic)
        self._clock.measured(heartbeat.sent, heartbeat.received, heartbeat.now)
        if heartbeat.live != self._live:
            _log.info("replicas have changed", extra={"replicas": sorted(heartbeat.live)})
            self._live = heartbeat.live
            self._primaries = {}

    async def run(self) -> None:
        """Beat until cancelled; while the database is away, what was known last holds."""
        while True:
            try:
                await self.beat()
            except Exception as error:
                _log.warning("no heartbeat: %s", error, exc_info=not is_transient(error))
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def leave(self) -> None:
        """Let the others take over at once."""
        try:
            await self._repository.leave(self._replica)
        except Exception as error:
            if not is_transient(error):
                raise
            _log.warning("the others will miss this replica after some seconds: %s", error)
