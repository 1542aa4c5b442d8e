"""The Markdown of a run: short, in one piece, and nothing of it is read as markup."""

import pytest
from simulated_run import EXPERIMENT

from ballast.gate.report.model import Check
from ballast.gate.report.reading import read_report
from ballast.gate.report.summary import summary
from ballast.gate.verdict import Outcome


def test_the_verdict_is_in_the_first_line(report):
    first = summary(report).splitlines()[0]
    assert first == f"## ✅ PASS: gate run {report.run}, dev to staging"


def test_every_check_has_a_row(report):
    said = summary(report)
    assert all(f"| `{check.name}` | ✅ PASS | " in said for check in report.checks)


def test_old_and_new_stand_side_by_side_with_their_intervals(report):
    said = summary(report)
    row = next(line for line in said.splitlines() if line.startswith("| p95 "))
    assert row.count(" to ") == 2
    assert "%" in row


def test_faults_ledgers_budget_and_evidence_are_told(report):
    said = summary(report)
    assert f"- Fault `{EXPERIMENT}`: detected after " in said
    assert "- Ledgers: none lost, duplicated, " in said
    assert "- Budget of `gateway-availability`: " in said
    assert f"[signed record](<{report.evidence}>)" in said
    assert f"Again: `{report.reproduction.command}`" in said


def test_what_is_absent_is_told(interrupted):
    said = summary(read_report(interrupted))
    assert "- Absent: the budget: the run ended before it was read" in said
    assert "no signed record" in said
    assert "⚠️ none" in said


@pytest.mark.parametrize(
    ("reason", "written"),
    [
        ("a | b", "a \\| b"),
        ("two\nlines", "two lines"),
        ("<img src=x>", "&lt;img src=x>"),
        ("ask @ada", "ask @\N{ZERO WIDTH SPACE}ada"),
    ],
)
def test_a_reason_stays_in_its_cell(report, reason, written):
    check = Check(name="slo/x", outcome=Outcome.FAIL, reason=reason)
    said = summary(report.model_copy(update={"checks": [check]}))
    assert f"| `slo/x` | ❌ FAIL | {written} |\n" in said


def test_it_is_short(report):
    assert len(summary(report).splitlines()) < 60
