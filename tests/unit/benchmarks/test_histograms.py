"""Quantiles of histograms: within the bucket of the true value, also of a difference."""

import bisect
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client import Histogram as Metric
from workload.histograms import Histogram, histogram, read_page, total

BOUNDS = (0.01, 0.1, 0.5, 1.0, 5.0)
values = st.lists(st.floats(0, 10, allow_nan=False), max_size=60)
shares = st.floats(0.01, 1.0)


def counted(observed: list[float]) -> Histogram:
    return Histogram({b: float(sum(v <= b for v in observed)) for b in (*BOUNDS, math.inf)})


def text_of(observed: list[float], topic: str = "a") -> str:
    registry = CollectorRegistry()
    metric = Metric("taken", "Seconds.", ("topic",), buckets=BOUNDS, registry=registry)
    for each in observed:
        metric.labels(topic).observe(each)
    return generate_latest(registry).decode()


@given(values.filter(bool), shares)
def test_a_quantile_lies_in_the_bucket_of_the_true_one(observed: list[float], share: float) -> None:
    rank = max(math.ceil(share * len(observed) - 1e-9), 1)
    true = sorted(observed)[rank - 1]
    place = bisect.bisect_left(BOUNDS, true)
    least = BOUNDS[place - 1] if place else 0.0
    most = BOUNDS[place] if place < len(BOUNDS) else math.inf
    assert least <= counted(observed).quantile(share) <= most


@given(values, values)
def test_a_difference_holds_what_came_between(first: list[float], more: list[float]) -> None:
    assert counted(first + more).since(counted(first)) == counted(more)


def test_a_process_that_began_anew_is_no_difference() -> None:
    with pytest.raises(ValueError, match="restarted"):
        counted([0.2]).since(counted([0.2, 0.3]))


def test_nothing_observed_has_no_quantile() -> None:
    assert math.isnan(Histogram().quantile(0.95))
    assert math.isnan(counted([]).quantile(0.95))


def test_above_the_last_bound_nothing_is_known() -> None:
    assert counted([9.0]).quantile(0.95) == math.inf


@given(values.filter(bool))
def test_a_page_says_what_was_observed(observed: list[float]) -> None:
    page = read_page(text_of(observed))
    assert histogram([page], "taken", topic="a") == counted(observed)


def test_pages_and_labels_that_are_not_asked_for_are_summed() -> None:
    pages = [read_page(text_of([0.2], "a")), read_page(text_of([0.3, 0.4], "b"))]
    assert histogram(pages, "taken").count == 3
    assert histogram(pages, "taken", topic="b").count == 2
    assert total(pages, "taken_count") == 3
    assert total(pages, "taken_count", topic="a") == 1
