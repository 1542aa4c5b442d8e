"""Passwords are hashed apart from the loop, and checking a wrong one costs the same."""

import asyncio

import pytest

from gateway.identity.passwords import PasswordHasher
from todo_shared.errors import UnavailableError


async def test_only_the_password_matches_its_hash_and_no_two_hashes_are_equal() -> None:
    hasher = PasswordHasher(4)
    first, second = await hasher.hash("correct horse"), await hasher.hash("correct horse")
    assert first != second
    assert await hasher.verify("correct horse", first)
    assert not await hasher.verify("correct horsf", first)
    assert not await hasher.verify("correct horse", None)
    assert (hasher.outdated(first), PasswordHasher(5).outdated(first)) == (False, True)
    hasher.close()


async def test_the_last_of_72_bytes_counts() -> None:
    hasher = PasswordHasher(4)
    hashed = await hasher.hash("é" * 36)
    assert await hasher.verify("é" * 36, hashed)
    assert not await hasher.verify("é" * 35 + "xx", hashed)
    hasher.close()


async def test_the_loop_goes_on_while_passwords_are_hashed() -> None:
    # A hash that held the loop up would let it turn once or twice, at whatever cost. How much of a
    # hash a fast or a busy machine gives the loop is not known before: each costs twice the last.
    for cost in range(8, 17):
        hasher = PasswordHasher(cost)
        hashing = asyncio.ensure_future(hasher.hash("correct horse"))
        beats = 0
        while not hashing.done():
            await asyncio.sleep(0.001)
            beats += 1
        await hashing
        hasher.close()
        if beats >= 10:
            return
    raise AssertionError(f"the loop stood still: {beats} turns during the longest hash")


async def test_too_many_at_the_same_time_are_turned_away() -> None:
    hasher = PasswordHasher(4, waiting=3)
    results = await asyncio.gather(
        *(hasher.hash("correct horse") for _ in range(5)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, BaseException)]
    assert len(refused) == 2
    with pytest.raises(UnavailableError):
        raise refused[0]
    assert await hasher.hash("correct horse")
    hasher.close()
