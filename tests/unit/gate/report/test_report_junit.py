"""JUnit: what failed is a failure, what was not proven is an error, nothing is skipped."""

from xml.etree import ElementTree

import pytest

from ballast.gate.report.junit import junit
from ballast.gate.report.model import Check, Decision
from ballast.gate.report.reading import read_report
from ballast.gate.verdict import Outcome


def cases(report) -> dict[str, ElementTree.Element]:
    root = ElementTree.fromstring(junit(report))
    return {f"{each.get('classname')}/{each.get('name')}": each for each in root.iter("testcase")}


def test_each_check_of_a_run_is_one_case(report):
    assert list(cases(report)) == [f"gate.{check.name}" for check in report.checks]


@pytest.mark.parametrize(
    ("outcome", "tag", "kind"),
    [
        (Outcome.FAIL, "failure", "FAIL"),
        (Outcome.VACUOUS, "error", "VACUOUS"),
        (Outcome.INCONCLUSIVE, "error", "INCONCLUSIVE"),
        (None, "error", "ABSENT"),
    ],
)
def test_what_is_no_pass_is_a_failure_or_an_error_with_its_reason(report, outcome, tag, kind):
    check = Check(name="slo/gateway", outcome=outcome, reason="3 < 4 & so on", figures={"bad": 3})
    (case,) = cases(report.model_copy(update={"checks": [check]})).values()
    (broken,) = case
    assert (broken.tag, broken.get("type"), broken.get("message")) == (tag, kind, "3 < 4 & so on")
    assert broken.text == "3 < 4 & so on\nbad: 3"


def test_a_pass_has_nothing_inside(report):
    assert all(len(case) == 0 for case in cases(report).values())


def test_the_suite_counts_its_cases(failed):
    report = read_report(failed)
    (suite,) = ElementTree.fromstring(junit(report))
    outcomes = [check.outcome for check in report.checks]
    assert suite.get("tests") == str(len(outcomes))
    assert suite.get("failures") == str(outcomes.count(Outcome.FAIL))
    others = len(outcomes) - outcomes.count(Outcome.FAIL) - outcomes.count(Outcome.PASS)
    assert suite.get("errors") == str(others)
    assert suite.get("skipped") == "0"


def test_an_interrupted_run_is_one_error_for_each_planned_check(interrupted):
    (suite,) = ElementTree.fromstring(junit(read_report(interrupted)))
    assert suite.get("errors") == suite.get("tests")
    assert "it was stopped" in (suite.findtext("system-out") or "")


@pytest.mark.parametrize(
    ("decision", "kind"),
    [
        (Decision(target="staging", allow=False, reasons=["frozen"]), "REFUSED"),
        (Decision(target="staging", allow=True, reasons=[], undone="mute"), "REVERTED"),
    ],
)
def test_a_refused_or_reverted_promotion_is_a_failing_case(report, decision, kind):
    found = cases(report.model_copy(update={"decision": decision}))
    (broken,) = found["gate.decision/staging"]
    assert (broken.tag, broken.get("type")) == ("failure", kind)


def test_an_allowed_promotion_is_a_passing_case(report):
    allowed = Decision(target="staging", allow=True, reasons=[])
    assert len(cases(report.model_copy(update={"decision": allowed}))["gate.decision/staging"]) == 0


def test_a_check_lasts_as_long_as_what_it_looks_at(report):
    (fault,) = report.faults
    found = cases(report)
    assert found[f"gate.chaos/{fault.name}"].get("time") == "40.000"
    assert float(found["gate.load/generator"].get("time") or 0) == pytest.approx(315.0)
