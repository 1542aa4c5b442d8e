"""Percentiles of old and new with their confidence intervals, on one logarithmic axis."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from ballast.gate.report.axis import LogAxis, milliseconds
from ballast.gate.report.drawing import drawing, label, line, percent
from ballast.gate.report.markup import element
from ballast.gate.report.model import Interval, Percentile, Percentiles
from ballast.gate.schedule import Release

ROW = 46.0
APART = 9.0  # of old and new from the middle of their row
CAP = 5.0
AXIS = 36.0
TICKS = 4  # their labels stand side by side, on a phone as well


def percentile_plot(found: Percentiles) -> Element:
    """A row for each percentile: the old release above the new one."""
    scale = LogAxis.over(value for row in found.rows for value in _values(row))
    bottom, ticks = ROW * len(found.rows), scale.ticks(TICKS)
    return drawing(
        "percentiles",
        bottom + AXIS,
        "Percentiles of old and new",
        f"Points are estimates, lines are {found.confidence:.0%} confidence intervals; a line "
        "with an arrow has no upper bound. The table below has the figures.",
        *(line(scale.percent(tick), 0, scale.percent(tick), bottom, "grid") for tick in ticks),
        *(part for number, row in enumerate(found.rows) for part in _row(row, scale, ROW * number)),
        *(label(milliseconds(tick), scale.percent(tick), bottom + 16) for tick in ticks),
        label("latency from the intended start", 50, bottom + 33),
    )  # fmt: skip


def _values(row: Percentile) -> Iterator[float]:
    for side in (row.old, row.new):
        if side:
            bounds = (side.lower_ms, side.estimate_ms, side.upper_ms)
            yield from (value for value in bounds if value is not None)


def _row(row: Percentile, scale: LogAxis, top: float) -> list[Element]:
    middle = top + ROW / 2
    drawn = [
        line(0, top + ROW, 100, top + ROW, "grid"),
        label(row.name, 0, middle + 4, "end", -9),
    ]
    if row.old:
        drawn += _interval(row.old, scale, middle - APART, "old")
    if row.new:
        drawn += _interval(row.new, scale, middle + APART, "new")
    return drawn


def _interval(found: Interval, scale: LogAxis, y: float, release: Release) -> list[Element]:
    left = scale.percent(found.lower_ms) if found.lower_ms is not None else 0.0
    right = scale.percent(found.upper_ms) if found.upper_ms is not None else 100.0
    class_ = f"interval {release}"
    drawn = [line(left, y, right, y, class_)]
    if found.lower_ms is not None:
        drawn.append(line(left, y - CAP, left, y + CAP, class_))
    if found.upper_ms is not None:
        drawn.append(line(right, y - CAP, right, y + CAP, class_))
    else:
        drawn.append(label("▸", 100, y + 5, "end"))
    drawn.append(
        element(
            "circle",
            cx=percent(scale.percent(found.estimate_ms)),
            cy=f"{y:g}",
            r="5",
            class_=f"point {release}",
        )
    )
    return drawn
