"""Latency over time and percentiles, each as a drawing with its legend."""

from xml.etree.ElementTree import Element

from ballast.gate.report import wording
from ballast.gate.report.drawing import box, legend, sample
from ballast.gate.report.latency_plot import latency_plot
from ballast.gate.report.markup import Node, element
from ballast.gate.report.model import Report
from ballast.gate.report.percentile_plot import percentile_plot
from ballast.gate.report.tables import table


def latency(report: Report) -> Element:
    """The curve of the whole run."""
    if report.latency is None or not report.latency.buckets:
        return _section("Latency over time", element("p", "Absent: there is no sample to draw."))
    old = any(bucket.release == "old" for bucket in report.latency.buckets)
    releases = ("new", "old") if old else ("new",)
    samples: dict[str, Element] = {}
    for release in releases:
        samples[f"{release}, p95"] = _stroke(f"{release} tail")
        samples[f"{release}, p50"] = _stroke(f"{release} median")
    samples["fault"] = box("fault")
    samples["until recovered"] = box("recovering")
    samples["share of requests that failed"] = box("failed")
    width = report.latency.bucket_s
    return _section(
        "Latency over time",
        legend(samples),
        element("figure", latency_plot(report, report.latency), class_="plot"),
        element(
            "p",
            f"Each point is the p50 or p95 of the requests that were due in {width} s and were "
            "answered, from when they were due. A gap is a stretch in which none was asked, or "
            "none answered. The old release is asked in turn with the new one, until a look at "
            "both decides.",
            class_="note",
        ),
    )


def percentiles(report: Report) -> Element:
    """Old against new, drawn and as a table."""
    found = report.percentiles
    if found is None:
        return _section("Percentiles", element("p", "Absent: nothing was judged."))
    sure = f"{found.confidence:.0%}"
    sides = (f"old, {found.old_samples} requests", f"new, {found.new_samples} requests")
    rows = [
        (row.name, wording.interval(row.old), wording.interval(row.new), wording.change(row))
        for row in found.rows
    ]
    said = [each for each in report.checks if each.name.startswith("regression/")]
    return _section(
        "Percentiles, old against new",
        element("p", f"{said[0].name}: {said[0].reason}") if said else None,
        legend({"new": _dot("new"), "old": _dot("old")}),
        element("figure", percentile_plot(found), class_="plot"),
        table(
            "Percentiles",
            ("", *sides, "change"),
            rows,
            numbers=(1, 2, 3),
        ),
        element(
            "p",
            f"In brackets: {sure} confidence intervals by order statistics (binomial ranks; David "
            "and Nagaraja, Order Statistics, 7.1), for each percentile by itself, as if requests "
            "were independent. A failed request counts as one of 10 s. What decides is the "
            "comparison in pairs of blocks, whose error is estimated by leaving out one pair "
            "after the other (jackknife).",
            class_="note",
        ),
    )  # fmt: skip


def _section(title: str, *parts: Node) -> Element:
    return element("section", element("h2", title), *parts)


def _stroke(class_: str) -> Element:
    return sample(element("path", d="M0 6H22", class_=class_))


def _dot(class_: str) -> Element:
    return sample(element("circle", cx="11", cy="6", r="5", class_=f"point {class_}"))
