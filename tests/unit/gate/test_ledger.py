"""The ledger checker is itself tested with seeded violations of each class."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.gate.ledger import Attempt, Effect, judge_ledger, match
from ballast.gate.verdict import Outcome


def history(count: int = 20) -> tuple[list[Attempt], list[Effect], dict[str, str]]:
    attempts = [Attempt(f"title-{n}", f"task-{n}") for n in range(count)]
    effects = [Effect(f"record-{n}", f"task-{n}") for n in range(count)]
    titles = {f"task-{n}": f"title-{n}" for n in range(count)}
    return attempts, effects, titles


def test_each_create_delivered_once_passes():
    ledger = match(*history())
    assert ledger.matched == 20
    assert judge_ledger(ledger).outcome is Outcome.PASS


def test_a_lost_delivery_fails_and_is_named():
    attempts, effects, titles = history()
    verdict = judge_ledger(match(attempts, effects[1:], titles))
    assert verdict.outcome is Outcome.FAIL
    assert "1 lost (task-0)" in verdict.reason


@pytest.mark.parametrize(
    ("lost", "said"),
    [(3, "3 lost (task-0, task-1, task-2)"), (4, "4 lost (task-0, task-1, task-2, …)")],
)
def test_at_most_three_of_a_kind_are_named(lost: int, said: str):
    attempts, effects, titles = history()
    verdict = judge_ledger(match(attempts, effects[lost:], titles))
    assert verdict.reason == f"of 20 acknowledged creates: {said}"


def test_a_second_delivery_fails():
    attempts, effects, titles = history()
    ledger = match(attempts, [*effects, Effect("record-again", "task-3")], titles)
    assert ledger.duplicated == ("task-3",)
    assert judge_ledger(ledger).outcome is Outcome.FAIL


def test_a_retry_that_made_a_second_task_fails():
    attempts, effects, titles = history()
    ledger = match(
        attempts,
        [*effects, Effect("record-x", "task-x")],
        {**titles, "task-x": "title-3"},
    )
    assert "task-3" in ledger.duplicated
    assert judge_ledger(ledger).outcome is Outcome.FAIL


def test_a_delivery_that_nobody_asked_for_is_a_phantom():
    attempts, effects, titles = history()
    ledger = match(attempts, [*effects, Effect("record-x", "task-x")], titles)
    assert ledger.phantom == ("task-x",)
    assert judge_ledger(ledger).outcome is Outcome.FAIL


def test_a_delivery_that_a_stranger_was_shown_is_a_phantom_and_lost_to_its_owner():
    attempts = [Attempt("title-a", "task-a", user=1), Attempt("title-b", "task-b", user=2)]
    own = [Effect("record-a", "task-a", user=1), Effect("record-b", "task-b", user=2)]
    assert judge_ledger(match(attempts, own, {})).outcome is Outcome.PASS
    ledger = match(attempts, [own[0], Effect("record-b", "task-b", user=1)], {})
    assert (ledger.matched, ledger.lost, ledger.phantom) == (1, ("task-b",), ("task-b",))
    assert judge_ledger(ledger).outcome is Outcome.FAIL


def test_a_delivery_to_its_owner_and_to_a_stranger_is_no_duplicate():
    effects = [Effect("record-a", "task-a", user=1), Effect("record-b", "task-a", user=2)]
    ledger = match([Attempt("title-a", "task-a", user=1)], effects, {})
    assert (ledger.lost, ledger.duplicated, ledger.phantom) == ((), (), ("task-a",))


def test_an_unacknowledged_create_may_have_happened():
    attempts, effects, titles = history()
    ledger = match(
        [*attempts, Attempt("title-unsure")],
        [*effects, Effect("record-x", "task-x")],
        {**titles, "task-x": "title-unsure"},
    )
    assert judge_ledger(ledger).outcome is Outcome.PASS


def test_an_unacknowledged_create_may_not_have_happened():
    attempts, effects, titles = history()
    ledger = match([*attempts, Attempt("title-unsure")], effects, titles)
    assert judge_ledger(ledger).outcome is Outcome.PASS
    assert ledger.unacknowledged == 1


def test_nothing_acknowledged_is_vacuous():
    ledger = match([Attempt("title-0")], [], {})
    assert judge_ledger(ledger).outcome is Outcome.VACUOUS


@given(st.sets(st.integers(0, 19)), st.sets(st.integers(0, 19)))
def test_the_counts_are_exactly_the_seeded_violations(lost: set[int], doubled: set[int]):
    attempts, effects, titles = history()
    doubled -= lost
    kept = [effect for n, effect in enumerate(effects) if n not in lost]
    ledger = match(attempts, [*kept, *(Effect("again", f"task-{n}") for n in doubled)], titles)
    assert ledger.lost == tuple(sorted(f"task-{n}" for n in lost))
    assert ledger.duplicated == tuple(sorted(f"task-{n}" for n in doubled))
    assert ledger.matched == 20 - len(lost) - len(doubled)
