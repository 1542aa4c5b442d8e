"""Plots: everything lies inside, faults are where they were, gaps are gaps."""

import re
from itertools import pairwise
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.gate.report.axis import TimeAxis
from ballast.gate.report.drawing import Bar
from ballast.gate.report.latency_plot import latency_plot
from ballast.gate.report.model import Bucket, Fault, Interval, Latency, Moment, Percentile
from ballast.gate.report.model import Percentiles as Found
from ballast.gate.report.percentile_plot import percentile_plot
from ballast.gate.report.timeline_plot import APART, fault_line, run_line


def of_class(plot: Element, tag: str, *classes: str) -> list[Element]:
    wanted = set(classes)
    return [each for each in plot.iter(tag) if wanted <= set((each.get("class") or "").split())]


def place(each: Element, attribute: str) -> float:
    return float((each.get(attribute) or "").rstrip("%"))


def bucket(at: float, release="new", failed: int = 0, value: float | None = 20.0) -> Bucket:
    return Bucket(at_s=at, release=release, requests=10, failed=failed, p50_ms=value, p95_ms=value)


def drawn(report, *buckets: Bucket, faults: tuple[Fault, ...] = ()) -> Element:
    latency = Latency(bucket_s=1, buckets=list(buckets))
    changed = report.model_copy(update={"latency": latency, "faults": faults, "judged_s": (0, 50)})
    return latency_plot(changed, latency)


def test_a_fault_is_shaded_from_its_start_to_its_end_and_lighter_until_recovered(report):
    fault = Fault(name="f", title="F", start_s=50, end_s=60, window_end_s=90, recovered_after_s=10)
    plot = drawn(report, *(bucket(at) for at in range(100)), faults=(fault,))
    (dark,), (light,) = of_class(plot, "rect", "fault"), of_class(plot, "rect", "recovering")
    assert (place(dark, "x"), place(dark, "width")) == pytest.approx((50, 10))
    assert (place(light, "x"), place(light, "width")) == pytest.approx((60, 10))


def test_a_fault_of_an_instant_can_be_seen(report):
    fault = Fault(name="f", title="F", start_s=50, end_s=50, window_end_s=90)
    plot = drawn(report, *(bucket(at) for at in range(100)), faults=(fault,))
    (dark,) = of_class(plot, "rect", "fault")
    assert place(dark, "width") > 0.2


def test_a_line_has_a_gap_where_nothing_was_answered(report):
    plot = drawn(report, bucket(0), bucket(1), bucket(2, value=None, failed=10), bucket(3))
    assert len(of_class(plot, "path", "new", "median")) == 2


def test_both_releases_have_their_lines(report):
    plot = drawn(report, bucket(0), bucket(1, "old"), bucket(2))
    assert len(of_class(plot, "path", "new", "tail")) == 2
    assert len(of_class(plot, "path", "old", "tail")) == 1


def test_failed_requests_are_marked_as_high_as_their_share(report):
    plot = drawn(report, bucket(0), bucket(1, failed=5), bucket(2, failed=10))
    heights = [place(each, "height") for each in of_class(plot, "rect", "failed")]
    assert heights == [17, 34]


def test_a_run_in_which_nothing_was_answered_has_no_line_but_its_failures(report):
    plot = drawn(report, bucket(0, value=None, failed=10))
    assert list(plot.iter("path")) == []
    assert len(of_class(plot, "rect", "failed")) == 1


def test_the_description_tells_who_cannot_see_it(report):
    said = latency_plot(report, report.latency).findtext("desc") or ""
    assert re.search(r"\d+ of \d+ requests failed", said)
    assert report.faults[0].name in said


def interval(low: float, estimate: float, high: float | None) -> Interval:
    return Interval(lower_ms=low, estimate_ms=estimate, upper_ms=high)


def test_the_points_of_old_and_new_lie_inside_their_intervals():
    row = Percentile(name="p95", old=interval(20, 30, 40), new=interval(25, 35, 50))
    found = Found(confidence=0.95, new_samples=9, old_samples=9, rows=[row])
    plot = percentile_plot(found)
    for release in ("old", "new"):
        (point,) = of_class(plot, "circle", "point", release)
        line = of_class(plot, "line", "interval", release)[0]
        assert place(line, "x1") < place(point, "cx") < place(line, "x2")


def test_an_interval_without_an_upper_bound_is_open():
    row = Percentile(name="p99", old=None, new=interval(20, 30, None))
    plot = percentile_plot(Found(confidence=0.95, new_samples=9, old_samples=0, rows=[row]))
    line = of_class(plot, "line", "interval", "new")[0]
    assert place(line, "x2") == 100
    assert "▸" in [each.text for each in plot.iter("text")]
    assert of_class(plot, "circle", "old") == []


def test_marks_of_a_line_have_the_numbers_of_the_table(report):
    numbers = {
        int(each.text or 0)
        for plot in (run_line(report), fault_line(report, report.faults[0]))
        for each in plot.iter("text")
        if each.get("class") == "number"
    }
    assert numbers == set(range(1, len(report.timeline) + 1))


def test_the_line_of_a_fault_of_an_instant_tells_its_moments_apart(report):
    fault = Fault(name="f", title="F", start_s=50, end_s=50, window_end_s=90, proven_s=50.1)
    moments = [Moment(at_s=at, event="x", fault="f") for at in (fault.start_s, fault.proven_s or 0)]
    plot = fault_line(report.model_copy(update={"timeline": moments}), fault)
    first, second = (place(each, "cx") for each in of_class(plot, "circle", "mark"))
    assert second - first >= APART


@given(st.lists(st.floats(0, 400), min_size=1, max_size=12))
def test_no_mark_covers_another(report, times):
    moments = [Moment(at_s=at, event="x") for at in sorted(times)]
    plot = run_line(report.model_copy(update={"timeline": moments, "faults": []}))
    marks = [(place(each, "cx"), place(each, "cy")) for each in of_class(plot, "circle", "mark")]
    assert len(marks) == len(times)
    for row in {y for _, y in marks}:
        places = sorted(x for x, y in marks if y == row)
        assert all(after - before >= APART - 0.02 for before, after in pairwise(places))


@given(st.floats(-50, 150), st.floats(-50, 150))
def test_a_bar_stays_inside(start, end):
    axis = TimeAxis(0, 100)
    rect = Bar(axis.percent(start), axis.percent(end)).rect(0, 1, "x")
    assert place(rect, "x") >= 0
    assert place(rect, "width") > 0
    assert place(rect, "x") + place(rect, "width") <= 100.02
