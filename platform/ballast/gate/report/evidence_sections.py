"""The lower part of the page: budget, ledgers, timeline, and how to make the run again."""

from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from ballast.gate.report import wording
from ballast.gate.report.drawing import Bar, box, drawing, legend
from ballast.gate.report.markup import Node, element
from ballast.gate.report.model import LedgerClass, Moment, Report
from ballast.gate.report.reading import RECORD
from ballast.gate.report.tables import listed, table
from ballast.gate.report.timeline_plot import fault_line, run_line
from ballast.gate.spending import Spent

_BARS = {"judged time": "judged", "fault": "fault", "until recovered": "recovering"}


def budget(report: Report) -> Element:
    """What part of each error budget the run spent."""
    if not report.spent:
        return _section("Error budget spent", element("p", "Absent: nothing was counted."))
    rows = [
        (
            element("code", each.slo),
            [wording.budget(each), _spent_bar(each)],
            f"{each.bad_judged} judged, {each.bad - each.bad_judged} outside",
            wording.window(each),
        )
        for each in report.spent
    ]
    return _section(
        "Error budget spent",
        table(
            "Error budget",
            ("objective", "of what this run may", "bad requests", f"30 days of {report.source}"),
            rows,
        ),
        element(
            "p",
            "All requests of the run to the new release, under the fault as well. 100 % is the "
            "rate of bad requests that spends a budget in exactly its 30 days.",
            class_="note",
        ),
    )


def ledgers(report: Report) -> Element:
    """Violations by class, of both ledgers."""
    found = report.ledgers
    load = (
        "was not read"
        if found.acknowledged is None
        else f"{found.acknowledged} acknowledged creates, {found.matched} delivered exactly once, "
        f"{found.unacknowledged} without an answer"
    )
    history = (
        "was not read"
        if found.writes is None
        else f"{found.writes} acknowledged writes, {found.reads} reads, "
        f"{found.unknown} without an answer"
    )
    rests = f"The load's ledger: {load}. The independent client's history: {history}."
    return _section(
        "Event ledgers",
        element("p", rests),
        table(
            "Violations by class",
            ("class", "load", "history", "which"),
            [
                (each.name, _found(each.load), _found(each.history), _examples(each))
                for each in found.classes
            ],
            numbers=(1, 2),
        ),
    )


def timeline(report: Report) -> Element:
    """The run and each fault as a line, then every moment as a table."""
    if not report.timeline or report.zero is None:
        return _section("Timeline", element("p", "Absent: nobody wrote down when things happened."))
    faults = {fault.name: fault for fault in report.faults}
    rows = [
        (
            str(number),
            moment.event,
            f"{moment.at_s:.1f}",
            f"{moment.at_s - faults[moment.fault].start_s:+.1f}" if moment.fault else "",
            _clock(report.zero, moment),
        )
        for number, moment in enumerate(report.timeline, 1)
    ]
    return _section(
        "Timeline",
        legend({words: box(kind) for words, kind in _BARS.items()}),
        element("figure", run_line(report), class_="plot bare"),
        *(part for fault in report.faults for part in (
            element("h3", "Detection and recovery: ", element("code", fault.name)),
            element(
                "p",
                f"{fault.title}. Detected after {wording.detection(fault)}, recovered "
                f"{wording.recovery(fault)} after its end.",
            ),
            element("figure", fault_line(report, fault), class_="plot bare"),
        )),
        table(
            "Timeline",
            ("", "what happened", "seconds", "of the fault", "UTC"),
            rows,
            numbers=(0, 2, 3, 4),
        ),
    )  # fmt: skip


def reproduction(report: Report) -> Element:
    """The command and the digests of everything that it rests on."""
    made = report.reproduction
    evidence = report.evidence or "there is none"
    return _section(
        "Again",
        element("pre", element("code", made.command)),
        element("p", f"Equal requests and faults, as long as {report.source} serves these images."),
        element("p", "Signed record: ", element("code", evidence)),
        element("pre", element("code", f"ballast gate verify {report.folder}/{RECORD}"))
        if report.evidence
        else None,
        element("p", "Folder of the run: ", element("code", report.folder)),
        listed(f"images of the new release ({len(made.images)})", made.images),
        listed(f"images of the old release ({len(made.old_images)})", made.old_images),
        listed(f"files of the run, SHA-256 ({len(made.files)})", made.files),
        listed(f"configuration, SHA-256 ({len(made.configuration)})", made.configuration),
    )  # fmt: skip


def _section(title: str, *parts: Node) -> Element:
    return element("section", element("h2", title), *parts)


def _spent_bar(spent: Spent) -> Element | None:
    if spent.of_run is None:
        return None
    over = " over" if spent.of_run > 1 else ""
    return drawing(
        f"budget-{spent.slo}",
        10,
        f"Budget of {spent.slo}",
        f"{spent.of_run:.0%} of what the run may spend.",
        Bar(0, 100).rect(2, 8, "track"),
        Bar(0, min(100.0, spent.of_run * 100)).rect(2, 8, f"spent{over}") if spent.bad else None,
    )


def _found(number: int | None) -> Element:
    kind = "none" if not number else "bad"
    return element("span", wording.count(number), class_=kind)


def _examples(each: LedgerClass) -> Element | None:
    return element("code", ", ".join(each.examples)) if each.examples else None


def _clock(zero: float, moment: Moment) -> str:
    return f"{datetime.fromtimestamp(zero + moment.at_s, UTC):%H:%M:%S.%f}"[:-5]
