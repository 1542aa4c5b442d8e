"""The relay: publishes what the outbox holds, in order per key, and forgets it once acknowledged.

Any number of relays may run. Work is split into shards by key; an advisory lock makes sure that
only one relay reads, publishes and deletes a shard at a time, so no event overtakes an earlier one
of its key. A relay that dies between publish and delete leaves the rows: they are sent again.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, Protocol

from todo_shared.dapr.client import SidecarError
from todo_shared.dapr.pubsub import BulkEntry
from todo_shared.errors import UnavailableError
from todo_shared.events.envelope import StoredEvent, encode
from todo_shared.group_commit import GroupCommit
from todo_shared.listening import DRIVER_ERRORS, ListeningConnection
from todo_shared.outbox import CHANNEL, SHARDS
from todo_shared.telemetry.metrics import (
    OUTBOX_AGE,
    OUTBOX_DEPTH,
    PUBLISH_FAILURES,
    PUBLISH_LATENCY,
)

_log = logging.getLogger(__name__)

LOCK_SPACE: Final = 0x07B0
_LOCK: Final = "SELECT pg_try_advisory_lock($1, $2)"
_UNLOCK: Final = "SELECT pg_advisory_unlock($1, $2)"
_READ: Final = """
    SELECT id, event_id, topic, key, seq, time, data, traceparent, correlation_id, shard
    FROM outbox WHERE shard = ANY($1::smallint[]) ORDER BY id LIMIT $2
"""
_DELETE: Final = """
    DELETE FROM outbox WHERE id = ANY($1::bigint[])
    RETURNING topic, extract(epoch FROM clock_timestamp() - created_at)::float8
"""
_SURVEY: Final = """
    SELECT shard, count(*), extract(epoch FROM clock_timestamp() - min(created_at))::float8
    FROM outbox GROUP BY shard
"""
# How long a shard without events is kept, and one that another relay has is not asked for again:
# to lock and unlock for each event cost as many statements as to publish it.
_KEPT_SECONDS: Final = 1.0
_OTHERS_SECONDS: Final = 0.25
# Three quick repeats, then slowly until it works: an event is never given up.
_PAUSES: Final = (0.1, 0.3, 0.9, 5.0)

Connect = Callable[[], AbstractAsyncContextManager[ListeningConnection]]
# What ends a connection, or keeps one from being made; the relay outlives all of it.
_CONNECTION_ERRORS: Final = (UnavailableError, *DRIVER_ERRORS)


class Publisher(Protocol):
    """What the relay needs of a broker: DaprPubSubService has it."""

    async def publish_bulk(self, topic: str, entries: Sequence[BulkEntry]) -> frozenset[str]:
        """Publish in order and return the ids that failed."""
        ...


class OutboxRelay:
    """Publishes the outbox of one database until `run` is cancelled."""

    def __init__(
        self,
        connect: Connect,
        publisher: Publisher,
        source: str,
        *,
        batch: int = 200,
        poll_seconds: float = 1.0,
    ) -> None:
        self._connect = connect
        self._publisher = publisher
        self._source = source
        self._batch = batch
        self._poll_seconds = poll_seconds
        self._stopping = asyncio.Event()
        self._session: _Session | None = None
        self._changes = 0

    def reconnect(self) -> None:
        """Move to a new connection after the batches in hand: the credentials have changed."""
        self._changes += 1
        if self._session is not None:
            self._session.end()

    def stop(self) -> None:
        """Let `run` return after the batches in hand."""
        self._stopping.set()
        self.reconnect()

    async def run(self) -> None:
        """Publish until `stop`; a lost connection is opened again, for as long as needed."""
        failures = 0
        while not self._stopping.is_set():
            changes = self._changes
            try:
                async with self._connect() as connection:
                    self._session = _Session(self, connection)
                    if self._changes != changes:
                        self._session.end()
                    failures = 0
                    await self._session.run()
            except* _CONNECTION_ERRORS as group:
                _log.warning("the relay has no database connection: %s", group.exceptions[0])
                await self._sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1
            finally:
                self._session = None

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    async def publish(self, events: Sequence[StoredEvent]) -> list[int]:
        """Publish `events`; returns the rows that the broker has acknowledged.

        After a failed entry, later entries of its key count as unpublished even if they arrived:
        they are sent again behind it, so that the last copy of each is in order.
        """
        done: list[int] = []
        for topic, of_topic in groupby(
            sorted(events, key=attrgetter("topic")), attrgetter("topic")
        ):
            batch = list(of_topic)
            try:
                failed = await self._publisher.publish_bulk(
                    topic, [BulkEntry(str(e.row), e.key, encode(e, self._source)) for e in batch]
                )
            except SidecarError as error:
                _log.warning("publish failed: %s", error, extra={"topic": topic})
                PUBLISH_FAILURES.labels(topic).inc()
                continue
            if failed:
                PUBLISH_FAILURES.labels(topic).inc()
            done += acknowledged(batch, failed)
        return done

    @property
    def batch(self) -> int:
        """How many rows one bulk takes at most."""
        return self._batch

    @property
    def poll_seconds(self) -> float:
        """How long a missed notification can delay an event."""
        return self._poll_seconds


def acknowledged(batch: Iterable[StoredEvent], failed: frozenset[str]) -> list[int]:
    """The rows of `batch` before the first failed one of their key."""
    blocked: set[str] = set()
    done: list[int] = []
    for event in batch:
        if str(event.row) in failed:
            blocked.add(event.key)
        if event.key not in blocked:
            done.append(event.row)
    return done


class _Session:
    """The relay's work on one connection: listen, survey once a poll, publish shards when woken."""

    def __init__(self, relay: OutboxRelay, connection: ListeningConnection) -> None:
        self._relay = relay
        self._connection = connection
        self._turn = asyncio.Lock()
        self._wake = [asyncio.Event() for _ in range(SHARDS)]
        self._over = asyncio.Event()
        # Shards that are woken while others are published go together: one read, publish, delete.
        self._publish = GroupCommit(self._publish_all, SHARDS)

    def end(self) -> None:
        """Let `run` return after the batches in hand."""
        self._over.set()
        for event in self._wake:
            event.set()

    async def run(self) -> None:
        """Work until `end`; errors of the connection end it too."""
        self._connection.when_lost(self.end)
        await self._connection.listen(CHANNEL, self._heard)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._survey())
                for shard in range(SHARDS):
                    group.create_task(self._work(shard))
        finally:
            # The locks go with the connection: what were published later might be overtaken.
            await self._publish.stop()

    def _heard(self, payload: str) -> None:
        self._wake[int(payload) % SHARDS].set()

    async def _survey(self) -> None:
        """Measure the outbox and wake the shards that hold something, every poll."""
        while not self._over.is_set():
            rows = await self._query(_SURVEY)
            OUTBOX_DEPTH.set(sum(int(row[1]) for row in rows))
            OUTBOX_AGE.set(max((float(row[2]) for row in rows), default=0.0))
            for row in rows:
                self._wake[int(row[0]) % SHARDS].set()
            await self._within(self._relay.poll_seconds, self._over)

    async def _work(self, shard: int) -> None:
        """Publish a shard whenever it is woken; its lock is kept while more comes."""
        failures, held = 0, False
        while True:
            if held and not await self._within(_KEPT_SECONDS, self._wake[shard]):
                await self._query(_UNLOCK, LOCK_SPACE, shard)
                held = False
            await self._wake[shard].wait()
            if self._over.is_set():
                return
            self._wake[shard].clear()
            held = held or bool((await self._query(_LOCK, LOCK_SPACE, shard))[0][0])
            if not held:
                # The owner heard the same notification, and looks again before it lets go.
                await self._within(_OTHERS_SECONDS, self._over)
                continue
            if (await self._publish([shard]))[0]:
                failures = 0
                continue
            # Another relay may have a sidecar that works.
            await self._query(_UNLOCK, LOCK_SPACE, shard)
            held = False
            await self._within(_PAUSES[min(failures, len(_PAUSES) - 1)], self._over)
            failures += 1
            self._wake[shard].set()

    @staticmethod
    async def _within(seconds: float, event: asyncio.Event) -> bool:
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _publish_all(self, shards: list[int]) -> list[bool]:
        """Publish a batch of what the shards hold; False for those that must be tried again later.

        One batch a call: a shard with much to publish lets the others in between.
        """
        rows = await self._query(_READ, shards, self._relay.batch)
        if not rows:
            return [True] * len(shards)
        done = await self._relay.publish([StoredEvent(*row[:-1]) for row in rows])
        for topic, seconds in await self._query(_DELETE, done):
            PUBLISH_LATENCY.labels(topic).observe(seconds)
        if len(rows) == self._relay.batch:
            for shard in shards:
                self._wake[shard].set()
        gone = frozenset(done)
        late = {row[-1] for row in rows if row[0] not in gone}
        return [shard not in late for shard in shards]

    async def _query(self, query: str, *values: object) -> Sequence[tuple[Any, ...]]:
        async with self._turn:
            return await self._connection.fetch(query, *values)
