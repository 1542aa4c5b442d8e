"""A run as a few lines of Markdown, for a pull request or a chat."""

from collections.abc import Iterable, Sequence

from ballast.gate.report import wording
from ballast.gate.report.model import Check, Report

_SIGNS = {"PASS": "✅", "FAIL": "❌", "REFUSED": "❌", "REVERTED": "❌", "RUNNING": "⏳"}
_UNPROVEN = "⚠️"


def summary(report: Report) -> str:
    """Verdict, why, checks, old and new, faults, ledgers, budget, and where the evidence is."""
    sign = _SIGNS.get(report.headline, _UNPROVEN)
    parts = [
        f"## {sign} {report.headline}: gate run {report.run}, {report.source} to {report.target}",
        "\n".join(f"- {_text(reason)}" for reason in report.why),
        _table(("check", "verdict", "why"), (_check(check) for check in report.checks)),
        _percentiles(report),
        _facts(report),
        _evidence(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _check(check: Check) -> Sequence[str]:
    outcome = check.outcome.value if check.outcome else "none"
    sign = _SIGNS.get(outcome, _UNPROVEN)
    return f"`{check.name}`", f"{sign} {outcome}", check.reason


def _percentiles(report: Report) -> str:
    found = report.percentiles
    if found is None:
        return ""
    sure = f"{found.confidence:.0%}"
    rows = [
        (row.name, wording.interval(row.old), wording.interval(row.new), wording.change(row))
        for row in found.rows
    ]
    return _table(("latency", f"old ({sure})", f"new ({sure})", "change"), rows)


def _facts(report: Report) -> str:
    facts = [
        f"Fault `{fault.name}`: detected after {wording.detection(fault)}, "
        f"recovered after {wording.recovery(fault)}"
        for fault in report.faults
    ]
    facts.append(f"Ledgers: {wording.violations(report.ledgers.classes)}")
    facts += [f"Budget of `{each.slo}`: {wording.budget(each)}" for each in report.spent]
    facts += [f"Absent: {each}" for each in report.absent]
    return "\n".join(f"- {_text(fact)}" for fact in facts)


def _evidence(report: Report) -> str:
    record = f"[signed record](<{report.evidence}>)" if report.evidence else "no signed record"
    page = f"[page](<{report.folder}/report.html>)"
    return f"Evidence: {record}, {page}. Again: `{report.reproduction.command}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_text(cell) for cell in line) + " |" for line in lines)


def _text(words: str) -> str:
    """One line that can neither end a cell nor begin an element or a mention."""
    plain = " ".join(words.split()).replace("<", "&lt;").replace("|", "\\|")
    return plain.replace("@", "@\N{ZERO WIDTH SPACE}") if "`" not in plain else plain
