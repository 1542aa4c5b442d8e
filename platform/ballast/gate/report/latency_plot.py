"""Latency over time: both releases, the judged time, faults shaded, failed requests marked."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from xml.etree.ElementTree import Element

from ballast.gate.report.axis import LogAxis, TimeAxis, milliseconds, seconds
from ballast.gate.report.drawing import STRETCHED, Bar, curves, drawing, label, line, path
from ballast.gate.report.markup import element
from ballast.gate.report.model import Bucket, Fault, Latency, Report
from ballast.gate.schedule import Release

LANE = 19.0  # of the judged time and of each fault, above the curves
CURVES = 220.0
GAP = 12.0
FAILED = 34.0  # share of failed requests, below the curves
AXIS = 36.0


def latency_plot(report: Report, latency: Latency) -> Element:
    """The plot; the report is of a run that left samples."""
    end = max(bucket.at_s for bucket in latency.buckets) + latency.bucket_s
    time = TimeAxis(min(0.0, latency.buckets[0].at_s), end)
    scale = LogAxis.over(
        value for bucket in latency.buckets for value in (bucket.p50_ms, bucket.p95_ms) if value
    )
    top = LANE * (1 + len(report.faults)) + 4
    bottom = top + CURVES + GAP + FAILED
    return drawing(
        "latency",
        bottom + AXIS,
        "Latency over time",
        _description(report, latency),
        *(
            part
            for number, fault in enumerate(report.faults)
            for part in _shades(time, fault, LANE * (number + 1), bottom)
        ),
        *_judged(time, report.judged_s),
        *_lines(scale, top),
        curves(top, CURVES, *_curves(latency, time, scale)),
        *_failed(latency, time, top + CURVES + GAP),
        *(label(seconds(at), time.percent(at), bottom + 16) for at in time.ticks()),
        label("time since the first request was due", 50, bottom + 33),
        *(_name(time, fault, LANE * (number + 1)) for number, fault in enumerate(report.faults)),
    )


def _description(report: Report, latency: Latency) -> str:
    asked = sum(bucket.requests for bucket in latency.buckets)
    failed = sum(bucket.failed for bucket in latency.buckets)
    shaded = "; ".join(
        f"{fault.name} from {fault.start_s:.0f} s to {fault.over_s:.0f} s"
        for fault in report.faults
    )
    return (
        f"Median and 95th percentile of each {latency.bucket_s} s, on a logarithmic axis. "
        f"{failed} of {asked} requests failed. Shaded: {shaded or 'no fault'}."
    )


def _shades(time: TimeAxis, fault: Fault, top: float, bottom: float) -> list[Element]:
    """The fault itself, and lighter what it took to recover."""
    ended = max(fault.end_s, fault.start_s)
    said = element("title", f"{fault.title}: {fault.start_s:.1f} s to {ended:.1f} s")
    return [
        Bar(time.percent(ended), time.percent(fault.over_s)).rect(top, bottom - top, "recovering"),
        Bar(time.percent(fault.start_s), time.percent(ended)).rect(
            top, bottom - top, "fault", said
        ),
    ]


def _name(time: TimeAxis, fault: Fault, y: float) -> Element:
    left, right = time.percent(fault.start_s), time.percent(fault.over_s)
    if left > 50:
        return label(f"fault: {fault.name}", left, y + 14, "end", -6)
    return label(f"fault: {fault.name}", right, y + 14, "start", 6)


def _judged(time: TimeAxis, judged: tuple[float, float] | None) -> list[Element]:
    if judged is None:
        return []
    left, right = time.percent(judged[0]), time.percent(judged[1])
    return [
        Bar(left, right).rect(0, 4, "judged"),
        label("judged time", (left + right) / 2, 17, "middle"),
    ]


def _lines(scale: LogAxis, top: float) -> list[Element]:
    drawn: list[Element] = []
    for tick in scale.ticks():
        y = top + CURVES * (1 - scale.percent(tick) / 100)
        drawn += [
            line(0, y, 100, y, "grid"),
            label(milliseconds(tick), 0, y + 4, "end", -7),
        ]
    return drawn


def _curves(latency: Latency, time: TimeAxis, scale: LogAxis) -> list[Element]:
    def point(at: float, value: float | None) -> tuple[float, float]:
        place = scale.percent(value or scale.low)
        return time.percent(at) * STRETCHED / 100, CURVES * (1 - place / 100)

    drawn: list[Element] = []
    releases: tuple[Release, ...] = ("old", "new")
    for release in releases:
        for run in _runs(latency, release):
            lower, upper = (
                [
                    point(run[0].at_s, values[0]),
                    *(
                        point(bucket.at_s + latency.bucket_s / 2, value)
                        for bucket, value in zip(run, values, strict=True)
                    ),
                    point(run[-1].at_s + latency.bucket_s, values[-1]),
                ]
                for values in ([b.p50_ms for b in run], [b.p95_ms for b in run])
            )
            drawn += [
                path([*upper, *reversed(lower)], f"{release} area", closed=True),
                path(lower, f"{release} median"),
                path(upper, f"{release} tail"),
            ]
    return drawn


def _runs(latency: Latency, release: Release) -> Iterator[Sequence[Bucket]]:
    """Buckets without a gap between them: where nothing was answered no line is drawn."""
    buckets = [b for b in latency.buckets if b.release == release and b.p50_ms is not None]
    if not buckets:
        return
    run = [buckets[0]]
    for before, bucket in pairwise(buckets):
        if bucket.at_s - before.at_s > latency.bucket_s * 1.5:
            yield run
            run = []
        run.append(bucket)
    yield run


def _failed(latency: Latency, time: TimeAxis, y: float) -> list[Element]:
    """For each stretch the share of its requests that failed, as a bar from below."""
    drawn = [
        line(0, y + FAILED, 100, y + FAILED, "grid"),
        label("failed", 0, y + FAILED - 1, "end", -7),
        label("100 %", 0, y + 9, "end", -7),
    ]
    for bucket in latency.buckets:
        if bucket.failed:
            height = max(4.0, FAILED * bucket.failed / bucket.requests)
            said = f"{bucket.failed} of {bucket.requests} failed at {bucket.at_s:g} s"
            place = Bar(time.percent(bucket.at_s), time.percent(bucket.at_s + latency.bucket_s))
            drawn.append(
                place.rect(
                    y + FAILED - height,
                    height,
                    f"failed {bucket.release}",
                    element("title", f"{said} ({bucket.release} release)"),
                )
            )
    return drawn
