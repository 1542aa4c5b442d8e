"""Clopper-Pearson bounds and the samples that a proof needs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.gate.binomial import lower_bound, needed_samples, upper_bound


@pytest.mark.parametrize(
    ("target", "confidence", "bad", "needed"),
    [(0.999, 0.95, 0, 2995), (0.99, 0.95, 0, 299), (0.999, 0.95, 1, 4742), (0.9, 0.95, 0, 29)],
)
def test_known_sample_sizes(target: float, confidence: float, bad: int, needed: int):
    assert needed_samples(target, confidence, bad) == needed


def test_the_rule_of_three_without_failures():
    assert upper_bound(0, 3000, 0.95) == pytest.approx(3 / 3000, rel=0.01)


def test_the_bounds_are_those_of_the_textbook():
    # Two-sided 95 % of 10 in 100, from tables of Clopper and Pearson: 4.90 % to 17.62 %.
    assert lower_bound(10, 100, 0.975) == pytest.approx(0.0490, abs=5e-5)
    assert upper_bound(10, 100, 0.975) == pytest.approx(0.1762, abs=5e-5)


def test_bounds_without_samples_know_nothing():
    assert (lower_bound(0, 0, 0.95), upper_bound(0, 0, 0.95)) == (0.0, 1.0)


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match="impossible"):
        upper_bound(3, 2, 0.95)


counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(deadline=None)
@given(counts)
def test_the_bounds_enclose_what_was_seen(count: tuple[int, int]):
    bad, total = count
    assert lower_bound(bad, total, 0.95) <= bad / total <= upper_bound(bad, total, 0.95)


@settings(deadline=None)
@given(counts)
def test_one_more_failure_never_looks_better(count: tuple[int, int]):
    bad, total = count
    if bad < total:
        assert upper_bound(bad + 1, total, 0.95) >= upper_bound(bad, total, 0.95)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from([0.9, 0.99, 0.999]), st.integers(0, 20))
def test_the_needed_sample_size_is_the_smallest_that_proves(target: float, bad: int):
    needed = needed_samples(target, 0.95, bad)
    assert upper_bound(bad, needed, 0.95) <= 1 - target
    assert upper_bound(bad, needed - 1, 0.95) > 1 - target
