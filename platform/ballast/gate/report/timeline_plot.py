"""The timeline as a drawn line: what happened, numbered as in the table beside it."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from ballast.gate.report.axis import TimeAxis, seconds
from ballast.gate.report.drawing import Bar, drawing, label, line, percent
from ballast.gate.report.markup import element
from ballast.gate.report.model import Fault, Moment, Report

MARK = 22.0  # a row of numbered marks
APART = 7.0  # percent of the width that two marks of a row keep between them
BAR = 14.0
AXIS = 24.0
MARGIN = 0.2  # of its length that the line of a fault shows on either side, and
LEAST = 0.5  # seconds at the least

Numbered = Sequence[tuple[int, Moment]]


def run_line(report: Report) -> Element:
    """The whole run: judged time, faults, and the moments that belong to no fault."""
    numbered = [(n, each) for n, each in enumerate(report.timeline, 1) if not each.fault]
    numbered += [
        (n, each)
        for n, each in enumerate(report.timeline, 1)
        if each.fault and each.event.startswith("fault starts")
    ]
    axis = TimeAxis(report.timeline[0].at_s, report.timeline[-1].at_s)
    bars = [("judged", *report.judged_s)] if report.judged_s else []
    for fault in report.faults:
        bars += _bars(fault)
    return _line("run-line", "The run in time", axis, sorted(numbered), bars)


def fault_line(report: Report, fault: Fault) -> Element:
    """One fault, closer: detection, its end, recovery."""
    numbered = [(n, each) for n, each in enumerate(report.timeline, 1) if each.fault == fault.name]
    last = max(moment.at_s for _, moment in numbered)
    margin = max(LEAST, MARGIN * (last - fault.start_s))
    axis = TimeAxis(fault.start_s - margin, last + margin)
    title = f"{fault.name}: detection and recovery"
    return _line(f"line-{fault.name}", title, axis, numbered, _bars(fault))


def _bars(fault: Fault) -> list[tuple[str, float, float]]:
    return [
        ("recovering", fault.end_s, fault.over_s),
        ("fault", fault.start_s, max(fault.start_s, fault.end_s)),
    ]


def _line(
    name: str,
    title: str,
    axis: TimeAxis,
    numbered: Numbered,
    bars: Sequence[tuple[str, float, float]],
) -> Element:
    rows = _rows(axis, numbered)
    base = MARK * (1 + max(rows, default=0))
    description = "; ".join(f"{n} at {each.at_s:.1f} s: {each.event}" for n, each in numbered)
    return drawing(
        name,
        base + BAR + AXIS,
        title,
        f"{description}.",
        Bar(0, 100).rect(base, BAR, "track"),
        *(
            Bar(axis.percent(start), axis.percent(end)).rect(base, BAR, kind)
            for kind, start, end in bars
        ),
        *(
            line(
                axis.percent(moment.at_s),
                base - MARK * (row + 0.5),
                axis.percent(moment.at_s),
                base + BAR,
                "stem",
            )
            for (_, moment), row in zip(numbered, rows, strict=True)
        ),
        *(
            part
            for (number, moment), row in zip(numbered, rows, strict=True)
            for part in _mark(number, moment, axis, base - MARK * (row + 0.5))
        ),
        *(label(seconds(at), axis.percent(at), base + BAR + 17) for at in axis.ticks()),
    )


def _rows(axis: TimeAxis, numbered: Numbered) -> list[int]:
    """The row of each mark, counted upwards, so that none covers another."""
    last: list[float] = []
    rows: list[int] = []
    for _, moment in numbered:
        place = axis.percent(moment.at_s)
        free = [row for row, at in enumerate(last) if place - at >= APART]
        row = free[0] if free else len(last)
        last[row : row + 1] = [place]
        rows.append(row)
    return rows


def _mark(number: int, moment: Moment, axis: TimeAxis, y: float) -> list[Element]:
    place = percent(axis.percent(moment.at_s))
    kind = "mark of-fault" if moment.fault else "mark"
    said = element("title", f"{moment.event}: {moment.at_s:.1f} s")
    return [
        element("circle", said, cx=place, cy=f"{y:g}", r="9", class_=kind),
        element(
            "text", str(number), x=place, y=f"{y + 4:g}", text_anchor="middle", class_="number"
        ),
    ]
