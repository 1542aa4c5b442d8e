"""One self-contained HTML page for a run: verdict first, then why, then what it rests on.

It needs no script, no font and no file beside it, and its own policy forbids the browser to load
anything.
"""

from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from ballast.gate.report.evidence_sections import budget, ledgers, reproduction, timeline
from ballast.gate.report.latency_sections import latency, percentiles
from ballast.gate.report.markup import element, html
from ballast.gate.report.model import Report
from ballast.gate.report.style import STYLE
from ballast.gate.report.tables import table
from ballast.gate.report.verdict_sections import checks, key_figures, why

POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(report: Report) -> str:
    """The page as text."""
    title = f"{report.headline}: gate run {report.run}"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", STYLE),
    )
    body = element(
        "body",
        element(
            "main",
            _header(report),
            why(report),
            key_figures(report),
            _absent(report),
            checks(report),
            latency(report),
            percentiles(report),
            budget(report),
            ledgers(report),
            timeline(report),
            reproduction(report),
        ),
    )
    return html(element("html", head, body, lang="en"))


def _header(report: Report) -> Element:
    return element(
        "header",
        element(
            "div",
            element("b", report.headline),
            f"{report.source} to {report.target}",
            class_=f"verdict {report.headline}",
            id="verdict",
        ),
        element("h1", "Gate run ", element("code", report.run)),
        element("p", _when(report), class_="soft"),
    )


def _when(report: Report) -> str:
    if report.zero is None:
        return "nobody wrote down when it ran"
    began = datetime.fromtimestamp(report.zero, UTC)
    length = "it did not end" if report.seconds is None else f"{report.seconds:.0f} s in all"
    said = [f"{began:%d %B %Y, %H:%M:%S} UTC", length, f"seed {report.reproduction.seed}"]
    return " · ".join(said)


def _absent(report: Report) -> Element | None:
    if not report.absent:
        return None
    return element(
        "section",
        element("h2", "What is missing"),
        table("Absent", ("what", "why"), [_parted(said) for said in report.absent]),
    )


def _parted(said: str) -> tuple[str, str]:
    what, _, reason = said.partition(": ")
    return what, reason
