"""The split of users: its share, and that a user stays where they are."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.gate.binomial import lower_bound, upper_bound
from gateway.canary import BUCKETS, Split, bucket

USERS = [str(uuid.uuid5(uuid.NAMESPACE_DNS, f"user-{number}")) for number in range(100_000)]


def taken(percent: float) -> set[str]:
    split = Split("todo-app-dev-green", percent)
    return {user for user in USERS if split.takes(user)}


@pytest.mark.parametrize("percent", [1.0, 5.0, 25.0, 50.0])
def test_a_share_of_the_users_is_exact(percent: float) -> None:
    count = len(taken(percent))
    low = lower_bound(count, len(USERS), 0.9995)
    high = upper_bound(count, len(USERS), 0.9995)
    assert low <= percent / 100 <= high
    assert high - low < 0.012


def test_none_and_all_are_none_and_all() -> None:
    assert taken(0.0) == set()
    assert len(taken(100.0)) == len(USERS)


def test_who_is_with_the_canary_stays_with_it_when_it_grows() -> None:
    before: set[str] = set()
    for percent in (5.0, 25.0, 50.0, 100.0):
        now = taken(percent)
        assert before < now
        before = now


@given(st.text(max_size=200))
def test_any_name_has_a_place_that_depends_on_nothing_else(user: str) -> None:
    assert 0 <= bucket(user) < BUCKETS
    assert bucket(user) == bucket(user)


def test_a_place_is_the_same_in_every_replica_and_version() -> None:
    assert (bucket("ann"), bucket("bob")) == (3870, 8650)
