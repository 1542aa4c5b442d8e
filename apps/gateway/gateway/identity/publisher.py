"""Publishes what the identity outbox holds, and removes it once the broker has acknowledged it.

Any number of replicas may do so at once: an event may then be published twice, and consumers take
it once by its id. A replica that dies between the two steps leaves the entry: it is sent again.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Final, Protocol
from uuid import UUID

from gateway import APP_ID
from gateway.identity.outbox import SHARDS, OutboxEntry, read_shard, shard_of
from todo_shared.dapr import SidecarError, StateConflictError, StateStore
from todo_shared.dapr.pubsub import BulkEntry
from todo_shared.events.envelope import encode
from todo_shared.telemetry.metrics import (
    OUTBOX_AGE,
    OUTBOX_DEPTH,
    PUBLISH_FAILURES,
    PUBLISH_LATENCY,
)

_log = logging.getLogger(__name__)

_BATCH: Final = 200


class Publisher(Protocol):
    """What is needed of a broker: DaprPubSubService has it."""

    async def publish_bulk(self, topic: str, entries: Sequence[BulkEntry]) -> frozenset[str]:
        """Publish in order and return the ids that failed."""
        ...


class OutboxPublisher:
    """Works until `stop`: at once on a shard that `wake` names, on all of them every poll."""

    def __init__(self, store: StateStore, publisher: Publisher, poll_seconds: float) -> None:
        self._store = store
        self._publisher = publisher
        self._poll_seconds = poll_seconds
        self._woken: set[int] = set()
        self._wake = asyncio.Event()
        self._stopping = False

    def wake(self, user_id: str) -> None:
        """An event of this user was just written."""
        self._woken.add(shard_of(user_id))
        self._wake.set()

    def stop(self) -> None:
        """Let `run` return after the batch in hand."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Publish until `stop`; what fails is tried again with the next poll."""
        loop = asyncio.get_running_loop()
        next_poll = loop.time()
        while not self._stopping:
            if loop.time() >= next_poll:
                next_poll = loop.time() + self._poll_seconds
                await self._poll()
            woken, self._woken = self._woken, set()
            for shard in woken:
                await self._attempt(shard)
            if self._woken or self._stopping:
                continue
            self._wake.clear()
            try:
                await asyncio.wait_for(self._wake.wait(), max(next_poll - loop.time(), 0))
            except TimeoutError:
                continue

    async def _poll(self) -> None:
        """Look into every shard, and measure what still waits."""
        self._woken.clear()
        waiting: list[OutboxEntry] = []
        for shard in range(SHARDS):
            left = await self._attempt(shard)
            if left is None or self._stopping:
                return
            waiting += left
        OUTBOX_DEPTH.set(len(waiting))
        oldest = min((entry.time for entry in waiting), default=None)
        OUTBOX_AGE.set((datetime.now(UTC) - oldest).total_seconds() if oldest else 0.0)

    async def _attempt(self, shard: int) -> Sequence[OutboxEntry] | None:
        """Drain `shard`; returns what must wait for the next poll, None when the store is away."""
        try:
            return await self._drain(shard)
        except SidecarError as error:
            _log.warning("the outbox is not reached: %s", error)
            return None
        except ValueError as error:
            _log.warning("a shard of the outbox is unreadable: %s", error, extra={"shard": shard})
            return ()

    async def _drain(self, shard: int) -> Sequence[OutboxEntry]:
        while True:
            found = await read_shard(self._store, shard)
            batch = found.entries[:_BATCH]
            published = await self._publish(batch)
            if published:
                await self._remove(shard, published)
            if len(published) < len(batch) or len(batch) == len(found.entries):
                return [entry for entry in found.entries if entry.id not in published]

    async def _publish(self, batch: Sequence[OutboxEntry]) -> set[UUID]:
        """Publish in order per key; returns the ids that the broker has acknowledged."""
        by_topic = sorted(batch, key=attrgetter("topic"))
        failed: set[UUID] = set()
        for topic, of_topic in groupby(by_topic, attrgetter("topic")):
            entries = list(of_topic)
            try:
                refused = await self._publisher.publish_bulk(topic, _bulk(entries))
            except SidecarError as error:
                _log.warning("publish failed: %s", error, extra={"topic": topic})
                refused = frozenset(str(entry.id) for entry in entries)
            if refused:
                PUBLISH_FAILURES.labels(topic).inc()
            failed |= {UUID(each) for each in refused}
        return acknowledged(batch, failed)

    async def _remove(self, shard: int, published: set[UUID]) -> None:
        """Take `published` out; what was added meanwhile stays."""
        while True:
            found = await read_shard(self._store, shard)
            left = [entry for entry in found.entries if entry.id in published]
            try:
                if left:
                    await self._store.transact([found.without(published)])
            except StateConflictError:
                continue
            for entry in left:
                seconds = (datetime.now(UTC) - entry.time).total_seconds()
                PUBLISH_LATENCY.labels(entry.topic).observe(seconds)
            return


def _bulk(entries: Iterable[OutboxEntry]) -> list[BulkEntry]:
    return [
        BulkEntry(str(entry.id), entry.key, encode(entry.event(row), APP_ID))
        for row, entry in enumerate(entries)
    ]


def acknowledged(batch: Iterable[OutboxEntry], failed: set[UUID]) -> set[UUID]:
    """The ids before the first failed one of their key: later ones are sent again behind it."""
    blocked: set[str] = set()
    done: set[UUID] = set()
    for entry in batch:
        if entry.id in failed:
            blocked.add(entry.key)
        if entry.key not in blocked:
            done.add(entry.id)
    return done
