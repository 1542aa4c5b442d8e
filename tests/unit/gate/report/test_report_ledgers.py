"""Both ledgers by class: a class that one of them does not look for is no zero."""

from ballast.gate.history.judge import HISTORY_CHECK
from ballast.gate.ledger import LEDGER_CHECK
from ballast.gate.report.ledgers import SHOWN, ledgers_of
from ballast.gate.report.model import Check
from ballast.gate.verdict import Outcome


def check(name: str, **figures: int | str) -> dict[str, Check]:
    return {name: Check(name=name, outcome=Outcome.FAIL, reason="broken", figures=figures)}


def test_a_class_has_the_counts_of_both_and_a_few_examples():
    ids = {"lost": [f"task-{n}" for n in range(9)]}
    checks = check(LEDGER_CHECK, acknowledged=40, lost=9) | check(HISTORY_CHECK, lost=1, late=2)
    found = ledgers_of(ids, checks)
    classes = {each.name: each for each in found.classes}
    assert found.acknowledged == 40
    assert (classes["lost"].load, classes["lost"].history) == (9, 1)
    assert classes["lost"].examples == [f"task-{n}" for n in range(SHOWN)]
    assert (classes["late"].load, classes["late"].history) == (None, 2)


def test_without_verdicts_nothing_is_counted():
    found = ledgers_of({}, {})
    assert {each.total for each in found.classes} == {None}
    assert (found.acknowledged, found.writes) == (None, None)


def test_a_count_that_is_not_known_is_none():
    assert ledgers_of({}, check(HISTORY_CHECK, writes="unknown")).writes is None
