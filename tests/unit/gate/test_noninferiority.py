"""Old and new release side by side: looks, bounds, and what cancels out."""

import math
import random

import pytest

from ballast.gate.noninferiority import Comparison, Timing, compare, level
from ballast.gate.verdict import Outcome
from ballast.slo.model import NonInferiority

BASE = {"create": 0.03, "list": 0.01}


def rule(*looks: int, margin: float = 0.18, quantile: float = 0.9) -> NonInferiority:
    return NonInferiority(
        quantile=quantile, margin=margin, confidence=0.95, look_after_pairs=looks or (4, 6)
    )


def timings(
    pairs: int = 6, slower: float = 0.0, *, block: int = 24, noise: float = 0.1, seed: int = 1
) -> list[Timing]:
    chance = random.Random(seed)
    return [
        Timing(pair, new, operation, base * math.exp(chance.gauss(0, noise)) * (1 + slower * new))
        for pair in range(1, pairs + 1)
        for new in (True, False)
        for number in range(block)
        for operation, base in [list(BASE.items())[number % 2]]
    ]


def shown(comparison: Comparison) -> tuple[Outcome, int]:
    return comparison.outcome, comparison.pairs


def test_the_same_release_passes_at_the_first_look():
    assert shown(compare(timings(), rule(), 6)) == (Outcome.PASS, 4)


def test_a_release_far_beyond_the_margin_fails_at_the_first_look():
    assert shown(compare(timings(slower=0.6), rule(), 6)) == (Outcome.FAIL, 4)


def test_a_look_that_does_not_decide_is_followed_by_the_next():
    noisy = timings(noise=0.35, seed=11)
    assert compare(noisy, rule(), 4).outcome is Outcome.INCONCLUSIVE
    assert compare(noisy, rule(), 6).pairs == 6


def test_more_pairs_do_not_undo_a_decision():
    late = [
        Timing(t.pair, t.new, t.operation, t.seconds * (3 if t.new and t.pair > 4 else 1))
        for t in timings()
    ]
    assert shown(compare(late, rule(), 6)) == (Outcome.PASS, 4)


def test_slower_for_certain_is_a_failure_only_when_no_look_is_left():
    a_little = timings(slower=0.18)
    assert compare(a_little, rule(), 4).outcome is Outcome.INCONCLUSIVE
    last = compare(a_little, rule(), 6)
    assert shown(last) == (Outcome.FAIL, 6)
    assert 1 < last.lower < 1.18 < last.upper


def test_noise_without_a_difference_stays_undecided():
    found = compare(timings(noise=0.8, seed=3), rule(), 6)
    assert shown(found) == (Outcome.INCONCLUSIVE, 6)
    assert found.lower < 1 < found.upper


def test_no_look_without_its_pairs():
    found = compare(timings(), rule(), 3)
    assert (found.outcome, found.pairs, found.thin) == (
        Outcome.INCONCLUSIVE, 0, "no look was reached",
    )  # fmt: skip
    assert all(math.isnan(value) for value in (found.ratio, found.lower, found.upper))


@pytest.mark.parametrize(("new", "release"), [(True, "new"), (False, "old")])
def test_a_thin_block_allows_no_comparison(new: bool, release: str):
    kept = [t for t in timings(block=10) if t.new is not new or t.pair != 2]
    few = [t for t in timings(block=10) if t.new is new and t.pair == 2][:9]
    found = compare([*kept, *few], rule(), 6)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.thin == f"block 2 of the {release} release has 9 samples, 10 are needed"
    assert all(math.isnan(value) for value in (found.ratio, found.lower, found.upper))


def test_a_block_with_just_enough_samples_is_compared():
    assert compare(timings(block=10), rule(), 6).thin == ""


def test_a_block_without_any_sample_is_named():
    kept = [t for t in timings() if t.new or t.pair != 3]
    assert "block 3 of the old release has 0 samples" in compare(kept, rule(), 6).thin


def test_the_last_pair_of_a_look_counts():
    kept = [t for t in timings() if t.pair != 4]
    assert "block 4" in compare(kept, rule(), 4).thin


def test_requests_outside_the_pairs_do_not_count():
    outside = [Timing(0, True, "list", 9.0) for _ in range(200)]
    later = [Timing(5, True, "list", 9.0) for _ in range(200)]
    plain = compare([t for t in timings() if t.pair <= 4], rule(), 4)
    assert compare([*outside, *later, *(t for t in timings() if t.pair <= 4)], rule(), 4) == plain


def test_drift_of_the_host_cancels():
    drifted = [Timing(t.pair, t.new, t.operation, t.seconds * (1 + t.pair)) for t in timings()]
    found, plain = compare(drifted, rule(), 6), compare(timings(), rule(), 6)
    assert (found.ratio, found.upper) == pytest.approx((plain.ratio, plain.upper), rel=0.01)


def test_another_mix_in_one_release_cancels():
    lopsided = [t for t in timings(block=96) if t.new or t.operation == "list" or t.seconds > 0.03]
    alike = [
        Timing(t.pair, t.new, t.operation, t.seconds * (0.2 if t.operation == "create" else 1))
        for t in lopsided
    ]
    assert compare(alike, rule(), 6).ratio == pytest.approx(compare(lopsided, rule(), 6).ratio)


def test_the_figures_are_those_of_the_quantile_and_its_jackknife():
    found = compare(timings(slower=0.05), rule(), 6)
    assert (found.ratio, found.lower, found.upper) == pytest.approx(FIGURES, rel=1e-9)


FIGURES = (1.0443642345097868, 0.9868162042856597, 1.1052682856102374)


def test_the_quantile_of_tiny_blocks_is_a_seen_value():
    halves = [
        Timing(pair, new, "list", (2.0 if new else 1.0) * (1 + 0.001 * pair * number))
        for pair in range(1, 5)
        for new in (True, False)
        for number in range(10)
    ]
    assert compare(halves, rule(4), 4).ratio == pytest.approx(2, rel=0.02)


def test_the_error_level_is_spent_in_growing_shares_that_add_up():
    wanted = rule(4, 6, 10)
    spent = [level(wanted, look) for look in range(3)]
    assert spent == pytest.approx([0.05 * 0.064, 0.05 * (0.216 - 0.064), 0.05 * (1 - 0.216)])
    assert sum(spent) == pytest.approx(1 - wanted.confidence)
