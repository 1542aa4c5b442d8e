"""Intended arrivals: reproducible, at the rate, fair to each user, in blocks of old and new."""

from collections import Counter

import pytest

from ballast.gate.schedule import Arrivals, Schedule, Segment, Weights
from ballast.gate.shape import load_shape
from ballast.paths import repository_root

MIX: Weights = {"create": 1, "list": 3}
STEADY = load_shape(repository_root() / "loadtests" / "steady.yaml")


def schedule(
    seed: int = 1, users: int = 60, model: Arrivals = "poisson", to_rate: float = 50
) -> Schedule:
    segments = (Segment(seconds=60, rate=50, to_rate=to_rate, judged=True),)
    return Schedule(seed=seed, segments=segments, users=users, mix=MIX, model=model)


def beside(pairs: int = 4, seed: int = 1) -> Schedule:
    return Schedule(seed=seed, segments=STEADY.segments(pairs), users=STEADY.users, mix=STEADY.mix)


def planned(**options):
    return schedule(**options).arrivals()


def test_equal_seeds_make_equal_runs():
    assert planned(seed=7) == planned(seed=7)


def test_other_seeds_make_other_runs():
    assert planned(seed=7) != planned(seed=8)


def test_a_constant_model_spaces_requests_evenly():
    assert [round(a.at, 3) for a in planned(model="constant")[:3]] == [0.02, 0.04, 0.06]


def test_poisson_arrivals_keep_the_rate():
    assert len(planned()) == pytest.approx(3000, abs=4 * 3000**0.5)


def test_arrivals_are_in_order_and_within_the_run():
    times = [arrival.at for arrival in planned()]
    assert times == sorted(times)
    assert times[-1] < 60


@pytest.mark.parametrize("to_rate", [150, 10])
def test_a_changing_rate_moves_evenly(to_rate: float):
    run = planned(to_rate=to_rate, model="constant")
    assert len(run) == pytest.approx(60 * (50 + to_rate) / 2, abs=2)
    in_first_half = 30 * (50 + (50 + to_rate) / 2) / 2
    assert sum(a.at < 30 for a in run) == pytest.approx(in_first_half, abs=2)


def test_users_take_turns():
    share = Counter(arrival.user for arrival in planned())
    assert max(share.values()) - min(share.values()) <= 1


def test_users_join_as_the_rate_rises():
    shape = load_shape(repository_root() / "loadtests" / "ramp.yaml")
    run = Schedule(seed=3, segments=shape.segments(0), users=shape.users, mix=shape.mix).arrivals()
    assert shape.users == 100
    assert {a.user for a in run if a.at < 5} <= set(range(10))
    assert len({a.user for a in run}) == 100


def test_the_mix_is_kept():
    share = Counter(arrival.operation for arrival in planned())
    assert share["create"] / share.total() == pytest.approx(0.25, abs=0.04)


def test_the_standard_shape_keeps_users_under_their_limit():
    run = beside(20)
    for minute in range(6):
        inside = [a for a in run.arrivals() if 60 * minute <= a.at < 60 * (minute + 1)]
        share = Counter((run.segments[a.segment].release, a.user) for a in inside)
        assert max(share.values()) <= 10


def test_blocks_of_old_and_new_lie_in_abba_order():
    order = "".join(
        "A" if each.release == "new" else "B" for each in STEADY.segments(4) if each.pair
    )
    assert order == "ABBAABBA"


def test_the_new_release_gets_all_judged_seconds_however_many_pairs_there_are():
    for pairs in (4, 20):
        judged = [s for s in STEADY.segments(pairs) if s.judged and s.release == "new"]
        assert sum(s.seconds for s in judged) == pytest.approx(STEADY.judged_seconds)


def test_both_releases_are_warmed_up_and_the_fault_hits_the_new_one():
    first, second, *_, last = STEADY.segments(4)
    assert (first.release, second.release, last.release) == ("new", "old", "new")
    assert not (first.judged or second.judged or last.judged)


def test_ending_the_comparison_leaves_out_later_blocks_of_the_old_release_alone():
    run = beside(6)
    whole, ended = run.arrivals(), run.arrivals(old_until=2)
    gone = {
        a.sequence
        for a in whole
        if run.segments[a.segment].release == "old" and run.segments[a.segment].pair > 2
    }
    assert {a.sequence for a in whole} - {a.sequence for a in ended} == gone
    assert gone


def test_what_follows_a_block_that_was_left_out_moves_forward():
    run = beside(6)
    whole, ended = run.arrivals()[-1], run.arrivals(old_until=2)[-1]
    assert whole.at - ended.at == pytest.approx(4 * STEADY.old_block_seconds)
    start, end = run.judged()
    assert run.judged(old_until=2) == (start, pytest.approx(end - 4 * 5))


def test_a_pair_is_over_after_both_of_its_blocks():
    run = beside(4)
    inside = [a for a in run.arrivals() if run.segments[a.segment].pair == 3]
    following = [a for a in run.arrivals() if run.segments[a.segment].pair == 4]
    assert max(a.at for a in inside) < run.end_of_pair(3) < min(a.at for a in following)
