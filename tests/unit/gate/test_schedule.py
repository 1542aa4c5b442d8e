"""Intended arrivals: reproducible, at the rate, fair to each user."""

from collections import Counter

import pytest

from ballast.gate.schedule import Arrivals, arrivals
from ballast.gate.shape import load_shape
from ballast.paths import repository_root

MIX = {"create": 1, "list": 3}


def planned(seed: int = 1, users: int = 60, model: Arrivals = "poisson"):
    return arrivals(seed=seed, rate=50, seconds=60, users=users, mix=MIX, model=model)


def test_equal_seeds_make_equal_runs():
    assert planned(7) == planned(7)


def test_other_seeds_make_other_runs():
    assert planned(7) != planned(8)


def test_a_constant_model_spaces_requests_evenly():
    assert [round(a.at, 3) for a in planned(model="constant")[:3]] == [0.02, 0.04, 0.06]


def test_poisson_arrivals_keep_the_rate():
    assert len(planned()) == pytest.approx(3000, abs=4 * 3000**0.5)


def test_arrivals_are_in_order_and_within_the_run():
    times = [arrival.at for arrival in planned()]
    assert times == sorted(times)
    assert times[-1] < 60


def test_users_take_turns():
    share = Counter(arrival.user for arrival in planned())
    assert max(share.values()) - min(share.values()) <= 1


def test_the_mix_is_kept():
    share = Counter(arrival.operation for arrival in planned())
    assert share["create"] / share.total() == pytest.approx(0.25, abs=0.04)


def test_the_standard_shape_keeps_users_under_their_limit():
    shape = load_shape(repository_root() / "loadtests" / "steady.yaml")
    run = arrivals(
        seed=1, rate=shape.rate_per_second, seconds=60, users=shape.users, mix=dict(shape.mix)
    )
    assert max(Counter(arrival.user for arrival in run).values()) <= 10
