"""Words for figures: what is not known is said, never shown as nothing."""

import pytest

from ballast.gate.report import wording
from ballast.gate.report.model import Fault, Interval, LedgerClass, Percentile
from ballast.gate.spending import Spent

FAULT = Fault(name="f", title="F", start_s=10, end_s=15, window_end_s=50)
SPENT = Spent(
    slo="s", target=0.999, requests=4000, bad=2, bad_judged=1, allowed=4.0, of_run=0.5,
    of_window=0.0004, remaining=0.97,
)  # fmt: skip


def test_an_interval_has_both_bounds():
    found = Interval(estimate_ms=12, lower_ms=11, upper_ms=14)
    assert wording.interval(found) == "12 ms (11 ms to 14 ms)"


def test_a_bound_that_the_samples_do_not_give_is_said():
    found = Interval(estimate_ms=12, lower_ms=None, upper_ms=None)
    assert wording.interval(found) == "12 ms (no bound to no bound)"


def test_no_sample_has_no_percentile():
    assert wording.interval(None) == "no sample"


def test_a_change_needs_both_releases():
    new, old = (Interval(estimate_ms=each, lower_ms=None, upper_ms=None) for each in (12, 10))
    assert wording.change(Percentile(name="p50", new=new, old=old)) == "+20.0%"
    assert wording.change(Percentile(name="p50", new=new, old=None)) == wording.UNKNOWN


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"recovered_after_s": 2.34}, "2.3 s"),
        ({"never_recovered": True}, "never"),
        ({}, wording.UNKNOWN),
    ],
)
def test_a_recovery_is_a_time_or_never_or_not_known(known, said):
    assert wording.recovery(FAULT.model_copy(update=known)) == said


def test_a_detection_is_a_time_or_not_known():
    assert wording.detection(FAULT) == wording.UNKNOWN
    assert wording.detection(FAULT.model_copy(update={"detected_after_s": 0.0})) == "0.0 s"


def violation(name: str, load: int | None, history: int | None) -> LedgerClass:
    return LedgerClass(name=name, load=load, history=history, examples=[])


def test_violations_of_both_ledgers_add_up():
    found = [violation("lost", 1, 2), violation("late", None, 1), violation("phantom", 0, 0)]
    assert wording.violations(found) == "3 lost, 1 late"


def test_a_class_that_nobody_looked_for_is_not_said_to_be_clean():
    found = [violation("lost", 0, None), violation("late", None, None)]
    assert wording.violations(found) == "none lost; not checked: late"
    assert wording.violations(found[1:]) == "not checked: late"


def test_a_budget_is_told_for_the_run_and_for_its_window():
    assert wording.budget(SPENT) == "2 bad of 4000, 4 allowed: 50%"
    assert wording.window(SPENT) == "0.04% taken, 97.0% left"


def test_a_budget_that_nobody_knows_says_why():
    unknown = SPENT.model_copy(update={"of_window": None, "missing": "Prometheus is silent"})
    assert wording.window(unknown) == "not known: Prometheus is silent"
    assert wording.budget(SPENT.model_copy(update={"of_run": None})) == "no request"
