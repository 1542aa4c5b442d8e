"""The state API as the services use it: a real sidecar, a real database."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from daprd import Daprd
from postgres import PostgresServer
from running_app import eventually
from state_store import STORE, state_sidecar

from todo_shared.dapr import (
    ABSENT,
    DaprStateService,
    Delete,
    Sidecar,
    SidecarUnavailableError,
    StateConflictError,
    StateError,
    Upsert,
    state_key,
)

# The first use on a machine may have to build the sidecar.
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture
async def running(
    postgres: PostgresServer, tmp_path: Path
) -> AsyncIterator[tuple[DaprStateService, Daprd, Sidecar]]:
    """The state service of a fresh database."""
    name = f"state_{tmp_path.name.replace('-', '_')}"[:60].lower()
    await postgres.execute(f"CREATE DATABASE {name}")
    async with state_sidecar(tmp_path, postgres.url(name)) as (sidecar, daprd):
        yield DaprStateService(sidecar, STORE, 20), daprd, sidecar


@pytest.fixture
def state(running: tuple[DaprStateService, Daprd, Sidecar]) -> DaprStateService:
    """Only the service."""
    return running[0]


async def test_what_was_saved_is_read_back_with_its_version(state: DaprStateService) -> None:
    assert await state.get("conversation:ann:1") is None
    await state.save("conversation:ann:1", b'{"text":"caf\xc3\xa9 <b>","n":7}')
    first = await state.get("conversation:ann:1")
    assert first is not None
    assert json.loads(first.value) == {"text": "café <b>", "n": 7}
    await state.save("conversation:ann:1", b"[]", etag=first.etag)
    second = await state.get("conversation:ann:1")
    assert second is not None
    assert (second.value, second.etag != first.etag) == (b"[]", True)


async def test_many_are_read_in_one_call(state: DaprStateService) -> None:
    assert await state.get_many(["a", "b"]) == {}
    await state.transact([Upsert("a", b'{"n":7}'), Upsert("c", b"null")])
    found = await state.get_many(["a", "b", "c"])
    assert {key: json.loads(stored.value) for key, stored in found.items()} == {
        "a": {"n": 7},
        "c": None,
    }
    assert await state.get("a") == found["a"]
    await state.save("a", b"8", etag=found["a"].etag)


async def test_only_who_saw_the_last_version_may_write(state: DaprStateService) -> None:
    await state.save("k", b"1")
    seen = await state.get("k")
    assert seen is not None
    await state.save("k", b"2", etag=seen.etag)
    with pytest.raises(StateConflictError):
        await state.save("k", b"3", etag=seen.etag)
    with pytest.raises(StateConflictError):
        await state.delete("k", seen.etag)
    with pytest.raises(StateConflictError):
        await state.save("k", b"3", etag="not a version")
    kept = await state.get("k")
    assert kept is not None and kept.value == b"2"
    await state.delete("k", kept.etag)
    assert await state.get("k") is None
    with pytest.raises(StateConflictError):
        await state.save("k", b"4", etag=kept.etag)
    await state.delete("k")


async def test_a_key_is_made_by_exactly_one_of_many(state: DaprStateService) -> None:
    async def make(number: int) -> bool:
        try:
            await state.save("email:1", str(number).encode(), etag=ABSENT)
        except StateConflictError:
            return False
        return True

    made = await asyncio.gather(*(make(number) for number in range(8)))
    assert made.count(True) == 1
    stored = await state.get("email:1")
    assert stored is not None and int(stored.value) == made.index(True)


async def test_a_transaction_is_all_or_nothing(state: DaprStateService) -> None:
    await state.save("a", b"1")
    before = await state.get("a")
    assert before is not None
    with pytest.raises(StateConflictError):
        await state.transact(
            [Upsert("b", b"2"), Delete("a"), Upsert("c", b"3", etag="00000000-dead")]
        )
    assert await state.get("b") is None
    assert await state.get("a") == before
    await state.save("c", b"0")
    with pytest.raises(StateConflictError):
        await state.transact([Upsert("b", b"2"), Upsert("c", b"3", etag=ABSENT)])
    assert await state.get("b") is None
    await state.transact([Upsert("b", b"2", etag=ABSENT), Delete("a", before.etag)])
    assert await state.get("a") is None
    assert (await state.get("b")) is not None


async def test_a_value_ends_with_its_time(state: DaprStateService) -> None:
    await state.save("short", b'"x"', ttl_seconds=4)
    await state.transact([Upsert("short2", b'"x"', etag=ABSENT, ttl_seconds=4)])
    assert await state.get("short") is not None

    async def gone() -> bool:
        return await state.get("short") is None and await state.get("short2") is None

    await eventually(gone)
    await state.save("short", b'"again"', etag=ABSENT)


@pytest.mark.parametrize("user", ["ann", "a/b", "a:b", "x||y", "50% of?#us", "ü", "a@b.example"])
async def test_any_user_id_makes_a_key_of_its_own(state: DaprStateService, user: str) -> None:
    key = state_key("conversation", user, "1")
    await state.save(key, json.dumps(user).encode(), etag=ABSENT)
    await state.transact([Upsert(key + "x", b"1")])
    stored = await state.get(key)
    assert stored is not None and json.loads(stored.value) == user


async def test_other_refusals_are_told_apart(
    running: tuple[DaprStateService, Daprd, Sidecar],
) -> None:
    state, daprd, sidecar = running
    with pytest.raises(StateError) as refused:
        await DaprStateService(sidecar, "no-such-store").get("k")
    assert not isinstance(refused.value, StateConflictError)
    with pytest.raises(StateError, match="400"):
        await state.save("k", b"not json")
    daprd.kill()
    with pytest.raises(SidecarUnavailableError):
        await state.get("k")
