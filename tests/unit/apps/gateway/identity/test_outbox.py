"""No event of identity is lost, whatever fails between the store and the broker."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_store import MemoryStore

from gateway.identity.contention import again_on_conflict
from gateway.identity.outbox import SHARDS, OutboxEntry, outbox_key, read_shard, shard_of
from gateway.identity.publisher import OutboxPublisher
from todo_shared.dapr import (
    PublishError,
    SidecarUnavailableError,
    StateConflictError,
    StoredValue,
)
from todo_shared.dapr.pubsub import BulkEntry
from todo_shared.errors import UnavailableError
from todo_shared.events.envelope import new_event
from todo_shared.events.payloads import UserAuthenticated, UserRegistered
from todo_shared.ids import uuid7


@dataclass
class Broker:
    """Fails as `luck` says: wholly, partly, or with an answer that is lost on the way."""

    luck: random.Random
    failures: float = 0.0
    topics: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def publish_bulk(self, topic: str, entries: Sequence[BulkEntry]) -> frozenset[str]:
        await asyncio.sleep(0)
        if self.luck.random() < self.failures / 2:
            raise PublishError("refused")
        failed: set[str] = set()
        for entry in entries:
            if self.luck.random() < self.failures:
                failed.add(entry.id)
            else:
                self.topics.append((topic, json.loads(entry.event)))
        if self.luck.random() < self.failures / 2:
            raise SidecarUnavailableError("the answer was lost")
        return frozenset(failed)

    @property
    def seqs(self) -> dict[str, list[int]]:
        """The sequence numbers of each user, in the order of arrival."""
        found: dict[str, list[int]] = {}
        for _, event in self.topics:
            found.setdefault(event["partitionkey"], []).append(event["seq"])
        return found


async def write(store: MemoryStore, user: str, seq: int) -> None:
    """Add an event, as a login does."""
    now = datetime.now(UTC)
    data = UserAuthenticated(user_id=user, authenticated_at=now)

    async def add() -> None:
        shard = await read_shard(store, shard_of(user))
        entry = OutboxEntry.of(new_event(uuid7(), data, now), seq)
        await store.transact([shard.with_entry(entry)])

    await again_on_conflict(add)


def held(store: MemoryStore) -> int:
    """How many events wait."""
    keys = (outbox_key(shard) for shard in range(SHARDS))
    return sum(len(json.loads(store.values[key].value)) for key in keys if key in store.values)


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until it is so."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not condition():
        assert loop.time() < deadline
        await asyncio.sleep(0.002)


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.2, 0.6]), st.integers(1, 3))
def test_every_event_arrives_and_the_last_copies_are_in_order(
    seed: int, failures: float, replicas: int
) -> None:
    async def scenario() -> Broker:
        store, broker = MemoryStore(), Broker(random.Random(seed), failures)
        publishers = [OutboxPublisher(store, broker, 0.01) for _ in range(replicas)]
        running = [asyncio.create_task(each.run()) for each in publishers]
        users = [f"user-{number}" for number in range(5)]
        for seq in range(1, 9):
            for user in users:
                await write(store, user, seq)
                publishers[seq % replicas].wake(user)
        await until(lambda: not held(store))
        for each in publishers:
            each.stop()
        await asyncio.gather(*running)
        return broker

    seqs = asyncio.run(scenario()).seqs
    assert len(seqs) == 5
    for arrived in seqs.values():
        assert set(arrived) == set(range(1, 9))
        if replicas == 1:
            last = {seq: index for index, seq in enumerate(arrived)}
            assert sorted(last, key=last.__getitem__) == sorted(last)


async def test_what_one_replica_left_behind_another_publishes() -> None:
    store, broker = MemoryStore(), Broker(random.Random(1))
    for seq in (1, 2):
        await write(store, "ann", seq)
    publisher = OutboxPublisher(store, broker, 5)
    running = asyncio.create_task(publisher.run())
    await until(lambda: not held(store))
    publisher.stop()
    await asyncio.wait_for(running, 60)
    assert broker.seqs == {"ann": [1, 2]}


async def test_a_woken_shard_does_not_wait_for_the_poll() -> None:
    store, broker = MemoryStore(), Broker(random.Random(1))
    publisher = OutboxPublisher(store, broker, 3600)
    running = asyncio.create_task(publisher.run())
    await asyncio.sleep(0.05)
    await write(store, "ann", 1)
    publisher.wake("ann")
    await until(lambda: not held(store))
    publisher.stop()
    await asyncio.wait_for(running, 60)


async def test_a_store_that_is_away_or_broken_stops_no_other_shard() -> None:
    store, broker = MemoryStore(down=True), Broker(random.Random(1))
    publisher = OutboxPublisher(store, broker, 0.02)
    running = asyncio.create_task(publisher.run())
    await asyncio.sleep(0.05)
    store.down = False
    await write(store, "ann", 1)
    broken = next(shard for shard in range(SHARDS) if shard != shard_of("ann"))
    store.values[outbox_key(broken)] = StoredValue(b'{"not": "a list"}', "1")
    await until(lambda: bool(broker.topics))
    publisher.stop()
    await asyncio.wait_for(running, 60)
    assert broker.topics[0][0] == "user.authenticated"


async def test_more_than_a_batch_is_published_in_one_go() -> None:
    store, broker = MemoryStore(), Broker(random.Random(1))
    now = datetime.now(UTC)
    shard = await read_shard(store, 3)
    for seq in range(1, 451):
        event = new_event(uuid7(), UserRegistered(user_id="ann", registered_at=now), now)
        await store.transact([shard.with_entry(OutboxEntry.of(event, seq))])
        shard = await read_shard(store, 3)
    publisher = OutboxPublisher(store, broker, 3600)
    running = asyncio.create_task(publisher.run())
    await until(lambda: not held(store))
    publisher.stop()
    await asyncio.wait_for(running, 60)
    assert broker.seqs == {"ann": list(range(1, 451))}


async def test_an_outbox_that_only_grows_refuses_more() -> None:
    store = MemoryStore()
    entry = OutboxEntry(
        id=uuid7(),
        topic="user.registered",
        key="ann",
        seq=1,
        time=datetime.now(UTC),
        data="{}",
        traceparent="",
        correlation_id="",
    )
    entries = b"[" + b",".join([entry.model_dump_json().encode()] * 1000) + b"]"
    store.values[outbox_key(0)] = StoredValue(entries, "1")
    with pytest.raises(UnavailableError, match="wait for the broker"):
        (await read_shard(store, 0)).with_entry(entry)


def test_users_are_spread_over_the_shards() -> None:
    found = Counter(shard_of(f"user-{number}") for number in range(1600))
    assert set(found) == set(range(SHARDS))
    assert max(found.values()) < 200


async def test_a_change_that_always_conflicts_is_given_up() -> None:
    tried = 0

    async def change() -> None:
        nonlocal tried
        tried += 1
        raise StateConflictError("again")

    with pytest.raises(UnavailableError, match="at the same time"):
        await again_on_conflict(change)
    assert tried == 12
