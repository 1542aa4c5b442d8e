"""The top of the page: why, the figures that matter, and every check."""

from xml.etree.ElementTree import Element

from ballast.gate.report import wording
from ballast.gate.report.axis import milliseconds
from ballast.gate.report.markup import element
from ballast.gate.report.model import Check, Report
from ballast.gate.report.tables import listed, table
from ballast.gate.verdict import Outcome


def why(report: Report) -> Element:
    """The reasons of the verdict, one sentence each."""
    reasons = [element("li", reason) for reason in report.why]
    return element("ul", *reasons, class_=f"why {report.headline}", aria_label="Why")


def key_figures(report: Report) -> Element:
    """What somebody wants to know before reading on."""
    figures = [_latency(report), *_faults(report), _ledgers(report), _budget(report)]
    return element(
        "dl",
        *(
            element(
                "div",
                element("dt", name),
                element("dd", value),
                element("dd", more, class_="more") if more else None,
            )
            for name, value, more in figures
        ),
        class_="key",
    )


def checks(report: Report) -> Element:
    """Every check, what is wrong first."""
    ordered = sorted(report.checks, key=lambda check: check.urgency)
    passed = sum(check.outcome is Outcome.PASS for check in report.checks)
    return element(
        "section",
        element("h2", f"Checks: {passed} of {len(report.checks)} passed"),
        table("Checks", ("check", "verdict", "why"), map(_row, ordered), class_="checks"),
    )


def _row(check: Check) -> tuple[Element, Element, list[Element | str | None]]:
    outcome = check.outcome.value if check.outcome else "none"
    return (
        element("code", check.name),
        element("span", outcome, class_=f"outcome {outcome}"),
        [check.reason, listed("figures", check.figures)],
    )


Figure = tuple[str, str, str]


def _latency(report: Report) -> Figure:
    found = report.percentiles
    row = next((row for row in found.rows if row.name == "p95"), None) if found else None
    if row is None or row.new is None:
        return "p95, new release", "absent", "no judged sample"
    new = milliseconds(row.new.estimate_ms)
    if row.old is None:
        return "p95, new release", new, "compared with no old release"
    against = f"old {milliseconds(row.old.estimate_ms)}, {wording.change(row)}"
    return "p95, new release", new, against


def _faults(report: Report) -> list[Figure]:
    if not report.faults:
        return [("fault", "absent", "none is known to have happened")]
    return [
        (
            "fault recovered after",
            wording.recovery(fault),
            f"detected after {wording.detection(fault)}: {fault.name}",
        )
        for fault in report.faults
    ]


def _ledgers(report: Report) -> Figure:
    totals = [each.total for each in report.ledgers.classes]
    known = [total for total in totals if total is not None]
    if not known:
        return "events wrong", "absent", "no ledger was read"
    asked = report.ledgers.acknowledged
    more = f"{wording.count(asked)} acknowledged creates" if asked is not None else ""
    return "events lost or wrong", str(sum(known)), more


def _budget(report: Report) -> Figure:
    """The most that any objective lost: of the 30 days where they are known, else of the run."""
    of_window = [(each.of_window, each) for each in report.spent if each.of_window is not None]
    if of_window:
        share, most = max(of_window, key=lambda pair: pair[0])
        return "error budget spent", f"{share:.2%}", f"of {report.source}'s 30 days, {most.slo}"
    of_run = [(each.of_run, each) for each in report.spent if each.of_run is not None]
    if of_run:
        share, most = max(of_run, key=lambda pair: pair[0])
        return "error budget spent", f"{share:.0%}", f"of what so many requests may, {most.slo}"
    return "error budget spent", "absent", "no figure of it"
