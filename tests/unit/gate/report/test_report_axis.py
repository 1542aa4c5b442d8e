"""Axes: every value has its place inside, in order, and ticks are few and round."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ballast.gate.report.axis import MOST_TICKS, LogAxis, TimeAxis, milliseconds, seconds

values = st.lists(st.floats(0.001, 200_000), min_size=1)


@given(values)
def test_places_on_a_logarithmic_axis_keep_the_order_of_values(measured) -> None:
    axis = LogAxis.over(measured)
    places = [axis.percent(value) for value in sorted(measured)]
    assert places == sorted(places)
    assert places[0] >= 0
    assert places[-1] <= 100


@given(values)
def test_a_logarithmic_axis_has_a_few_ticks_inside(measured) -> None:
    axis = LogAxis.over(measured)
    ticks = axis.ticks()
    assert 1 <= len(ticks) <= MOST_TICKS + 1
    assert all(axis.low * 0.999 <= tick <= axis.high * 1.001 for tick in ticks)


def test_a_doubling_is_equally_far_everywhere() -> None:
    axis = LogAxis(10, 1000)
    assert axis.percent(100) == pytest.approx(50)
    assert axis.percent(20) - axis.percent(10) == pytest.approx(
        axis.percent(400) - axis.percent(200)
    )


def test_the_axis_ends_on_the_ticks_around_all_values() -> None:
    assert LogAxis.over([13, 470]) == LogAxis(10, 500)
    assert LogAxis.over([13, 470]).ticks() == [10, 20, 50, 100, 200, 500]


def test_one_value_has_an_axis_all_the_same() -> None:
    assert LogAxis.over([10]).high > 10


def test_no_value_has_an_axis_all_the_same() -> None:
    assert LogAxis.over([]).ticks()


@given(st.floats(-100, 100, allow_subnormal=False), st.floats(0.5, 50_000))
@example(0.0, 30950.44498815419)
def test_ticks_of_time_are_few_and_inside(start, length) -> None:
    axis = TimeAxis(start, start + length)
    ticks = axis.ticks()
    assert len(ticks) <= MOST_TICKS + 1
    assert all(axis.start <= tick <= axis.end for tick in ticks)


@given(st.floats(-1000, 1000))
def test_a_moment_outside_is_drawn_at_the_edge(at) -> None:
    assert 0 <= TimeAxis(0, 60).percent(at) <= 100


def test_ticks_of_a_run_are_whole_minutes() -> None:
    assert TimeAxis(0, 330).ticks() == [0, 60, 120, 180, 240, 300]


@pytest.mark.parametrize(
    ("value", "said"), [(0.25, "0.25 ms"), (12.345, "12.3 ms"), (1000, "1 s"), (2512, "2.51 s")]
)
def test_a_latency_has_its_unit(value: float, said: str) -> None:
    assert milliseconds(value) == said


@pytest.mark.parametrize(("value", "said"), [(0, "0 s"), (300, "300 s"), (600, "10 min")])
def test_a_time_has_its_unit(value: float, said: str) -> None:
    assert seconds(value) == said
