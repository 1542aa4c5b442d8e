"""The verdict on a history: what fails it, what makes it prove nothing."""

import pytest

from ballast.gate.history.findings import Findings, Violation
from ballast.gate.history.judge import judge_history
from ballast.gate.verdict import Outcome


def findings(**counts: int) -> Findings:
    return Findings(**{"writes": 10, "reads": 5, "effects": 20} | counts)


def test_a_clean_history_passes():
    verdict = judge_history(findings(), 15)
    assert (verdict.check, verdict.outcome) == ("ledger/history", Outcome.PASS)
    assert verdict.reason == (
        "10 acknowledged writes had each effect once, in order and in time; "
        "5 reads saw all that was known before"
    )


@pytest.mark.parametrize("violation", list(Violation))
def test_each_violation_fails_and_is_shown(violation: Violation):
    found = findings()
    found.add(violation, "u1", "this one")
    verdict = judge_history(found, 15)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reason == (f"of 10 acknowledged writes and 5 reads: 1 {violation} (this one)")
    assert verdict.figures[violation] == 1


def test_three_of_a_kind_are_shown_and_all_are_counted():
    found = findings()
    for number in range(4):
        found.add(Violation.LOST, f"u{number}", f"k{number}")
    assert judge_history(found, 15).reason.endswith("4 lost (k0; k1; k2)")
    assert found.missing == {"u0", "u1", "u2", "u3"}


def test_only_what_is_lost_may_still_come():
    found = findings()
    found.add(Violation.LATE, "u1", "k1")
    assert found.missing == set()


def test_all_figures_are_kept():
    assert judge_history(findings(unknown=3, failed=2), 15).figures == {
        "due": 15, "writes": 10, "reads": 5, "unknown": 3, "failed": 2, "effects": 20, "lost": 0,
        "duplicated": 0, "reordered": 0, "late": 0, "phantom": 0, "read-your-writes": 0,
        "monotonic-reads": 0,
    }  # fmt: skip


def test_nothing_acknowledged_is_vacuous():
    verdict = judge_history(findings(writes=0), 15)
    assert (verdict.outcome, "nothing to lose" in verdict.reason) == (Outcome.VACUOUS, True)


def test_nothing_read_is_vacuous():
    verdict = judge_history(findings(reads=0), 15)
    assert (verdict.outcome, "no session" in verdict.reason) == (Outcome.VACUOUS, True)


def test_one_write_and_one_read_are_something():
    assert judge_history(findings(writes=1, reads=1), 2).outcome is Outcome.PASS


def test_a_client_that_did_not_end_is_inconclusive():
    verdict = judge_history(findings(), None)
    assert (verdict.outcome, "did not come to its end" in verdict.reason) == (
        Outcome.INCONCLUSIVE,
        True,
    )


def test_what_a_client_did_at_its_unknown_end_is_no_phantom():
    found = findings()
    found.add(Violation.PHANTOM, "u1", "e1")
    verdict = judge_history(found, None)
    assert (verdict.outcome, verdict.figures["phantom"]) == (Outcome.INCONCLUSIVE, 1)


def test_what_a_client_lost_before_its_unknown_end_fails():
    found = findings()
    found.add(Violation.LOST, "u1", "k1")
    assert judge_history(found, None).outcome is Outcome.FAIL


@pytest.mark.parametrize(("due", "outcome"), [(20, Outcome.PASS), (21, Outcome.INCONCLUSIVE)])
def test_a_client_that_was_not_at_its_rate_is_inconclusive(due: int, outcome: Outcome):
    # 18 operations, whatever became of them, are 90 % of 20.
    verdict = judge_history(findings(unknown=2, failed=1), due)
    assert (verdict.outcome, verdict.figures["due"]) == (outcome, due)


def test_a_client_that_was_not_at_its_rate_says_how_much_it_did():
    assert judge_history(findings(), 100).reason == (
        "the client made 15 of 100 operations: it was starved"
    )
