"""Samples in buckets: each in exactly one, in order, and no answer is no latency."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.gate.report.buckets import MOST, WIDTHS, bucket_seconds, latency_of
from ballast.gate.samples import Sample

BEGAN = 1000.0
seconds = st.floats(0, 4000, allow_nan=False)
latencies = st.floats(0.0001, 30)


def sample(sequence: int, at: float, latency: float = 0.02, status: int = 200) -> Sample:
    due = BEGAN + at
    return Sample(sequence, "list", 0, due, due, due + latency, status, "", "", "")


samples = st.lists(st.tuples(seconds, latencies, st.sampled_from([200, 503, 0])), min_size=1).map(
    lambda each: [sample(n, *facts) for n, facts in enumerate(sorted(each))]
)


@given(samples, st.sets(st.integers(0, 20)))
def test_every_sample_is_in_one_bucket_of_its_time_and_release(made, old) -> None:
    release_of = dict.fromkeys(old, "old")
    latency = latency_of(made, BEGAN, release_of)
    places = [(bucket.at_s, bucket.release) for bucket in latency.buckets]
    assert places == sorted(set(places))
    for bucket in latency.buckets:
        inside = [
            each
            for each in made
            if bucket.at_s <= each.intended - BEGAN < bucket.at_s + latency.bucket_s
            and release_of.get(each.sequence, "new") == bucket.release
        ]
        assert bucket.requests == len(inside) > 0
        assert bucket.failed == sum(not each.succeeded for each in inside)
    assert sum(bucket.requests for bucket in latency.buckets) == len(made)


@given(samples)
def test_percentiles_of_a_bucket_are_latencies_of_answers_in_order(made) -> None:
    answered = {round(each.latency * 1000, 3) for each in made if each.succeeded}
    for bucket in latency_of(made, BEGAN, {}).buckets:
        if bucket.failed == bucket.requests:
            assert (bucket.p50_ms, bucket.p95_ms) == (None, None)
        else:
            assert bucket.p50_ms is not None
            assert bucket.p95_ms is not None
            assert bucket.p50_ms <= bucket.p95_ms
            assert {bucket.p50_ms, bucket.p95_ms} <= answered


@pytest.mark.parametrize(("run", "width"), [(0, 1), (480, 1), (481, 2), (3600, 10), (10**6, 60)])
def test_a_long_run_has_wider_buckets(run: float, width: int) -> None:
    assert bucket_seconds(run) == width


@given(st.floats(0, WIDTHS[-1] * MOST))
def test_no_run_has_more_buckets_than_a_screen_shows(run: float) -> None:
    assert run / bucket_seconds(run) <= MOST


def test_the_percentiles_are_those_of_the_second() -> None:
    made = [sample(n, 3.0 + n / 100, latency=0.01 * (n + 1)) for n in range(20)]
    (bucket,) = latency_of(made, BEGAN, {}).buckets
    assert (bucket.at_s, bucket.p50_ms, bucket.p95_ms) == (3.0, 100.0, 190.0)
