"""Each shard has one primary, which all replicas agree on."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from scheduler import membership as module
from scheduler.clock import DatabaseClock
from scheduler.membership import Membership, primary_of
from scheduler.models.reminder import SHARDS, shard_of
from scheduler.repository.replicas import Heartbeat
from todo_shared import outbox


def test_shards_are_spread_and_few_move_when_one_goes() -> None:
    three = frozenset({"a", "b", "c"})
    before = {shard: primary_of(shard, three) for shard in range(SHARDS)}
    assert min(list(before.values()).count(name) for name in three) >= SHARDS // 6
    after = {shard: primary_of(shard, three - {"b"}) for shard in range(SHARDS)}
    assert all(after[shard] == before[shard] for shard in before if before[shard] != "b")


def test_the_shard_of_a_user_also_tells_the_shard_of_the_outbox() -> None:
    for user in ("ann", "bob", "eve", "ümlaut"):
        assert shard_of(user) % outbox.SHARDS == outbox.shard_of(user)


class Replicas:
    """Heartbeats as given; an exception among them is raised."""

    def __init__(self, *answers: Heartbeat | Exception) -> None:
        self.answers = list(answers)
        self.left: list[str] = []
        self.failure: Exception | None = None

    async def beat(self, replica: str, reading: Callable[[], float]) -> Heartbeat:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def leave(self, replica: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.left.append(replica)


def _membership(replicas: Replicas) -> Membership:
    return Membership(replicas, DatabaseClock(), "a")  # type: ignore[arg-type]


async def test_alone_a_replica_is_the_primary_of_all() -> None:
    assert all(_membership(Replicas()).is_primary(shard) for shard in range(SHARDS))


async def test_with_another_one_it_shares_and_alone_again_it_has_all() -> None:
    both, alone = frozenset({"a", "b"}), frozenset({"a"})
    found = _membership(Replicas(Heartbeat(both, 1.0, 0.0, 0.0), Heartbeat(alone, 2.0, 0.0, 0.0)))
    await found.beat()
    mine = [shard for shard in range(SHARDS) if found.is_primary(shard)]
    assert 0 < len(mine) < SHARDS
    assert mine == [shard for shard in range(SHARDS) if primary_of(shard, both) == "a"]
    await found.beat()
    assert found.live == alone
    assert all(found.is_primary(shard) for shard in range(SHARDS))


async def test_it_beats_on_while_the_database_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.001)
    both = Heartbeat(frozenset({"a", "b"}), 1.0, 0.0, 0.0)
    found = _membership(Replicas(ConnectionError("away"), ZeroDivisionError("bug"), both))
    with caplog.at_level(logging.WARNING):
        running = asyncio.create_task(found.run())
        async with asyncio.timeout(60):
            while found.live != {"a", "b"}:  # noqa: ASYNC110 - a membership has no event
                await asyncio.sleep(0.001)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert [bool(record.exc_info) for record in caplog.records] == [False, True]


async def test_leaving_does_not_fail_with_the_database() -> None:
    replicas = Replicas(Heartbeat(frozenset({"a"}), 1.0, 0.0, 0.0))
    found = _membership(replicas)
    await found.leave()
    assert replicas.left == ["a"]
    replicas.failure = ConnectionError("away")
    await found.leave()
    replicas.failure = ZeroDivisionError("bug")
    with pytest.raises(ZeroDivisionError):
        await found.leave()
