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
    hasher = PasswordHasher(8)
    hashing = asyncio.gather(*(hasher.hash("correct horse") for _ in range(4)))
    beats = 0
    while not hashing.done():
        await asyncio.sleep(0.001)
        beats += 1
    await hashing
    assert beats >= 5
    hasher.close()


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
