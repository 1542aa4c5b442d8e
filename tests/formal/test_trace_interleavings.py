"""The trace checker accepts whatever a correct scheduler does, and no seeded bug."""

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scheduler_reference import KEYS, ReferenceScheduler
from trace_bugs import BUGS, Seed

from scheduler.trace import Action, TraceRecord, Violation, first_violation

SCHEDULES = {"daily": KEYS}
RUNS = st.tuples(
    st.lists(st.integers(0, 2**16), min_size=30, max_size=80),
    st.randoms(use_true_random=False),
)


def _run(choices: list[int], order: Random) -> list[TraceRecord]:
    """One run, with the lines of replicas mixed in any way that keeps each one's own order."""
    scheduler = ReferenceScheduler()
    for choice in choices:
        steps = scheduler.steps()
        steps[choice % len(steps)]()
    waiting = [iter(log) for log in scheduler.logs.values()]
    return list(_mixed(waiting, order))


def _mixed(waiting: list[Iterator[TraceRecord]], order: Random) -> Iterator[TraceRecord]:
    while waiting:
        log = order.choice(waiting)
        try:
            yield next(log)
        except StopIteration:
            waiting.remove(log)


def _violation(log: list[TraceRecord]) -> Violation | None:
    return first_violation(log, schedules=SCHEDULES)


@settings(max_examples=100, deadline=None)
@given(RUNS)
def test_a_correct_run_is_accepted(run: tuple[list[int], Random]) -> None:
    log = _run(*run)
    assert _violation(log) is None
    assert first_violation(log) is None


@settings(max_examples=300, deadline=None)
@given(RUNS, st.sampled_from(BUGS), st.integers(0, 2**16))
def test_one_seeded_bug_is_rejected(run: tuple[list[int], Random], seed: Seed, choice: int) -> None:
    bugs = list(seed(_run(*run)))
    assume(bugs)
    spoiled, invariants = bugs[choice % len(bugs)]
    found = _violation(spoiled)
    assert found is not None
    assert found.invariant in invariants


@pytest.mark.parametrize("seed", BUGS, ids=lambda seed: seed.__name__)
def test_runs_give_occasion_for_each_bug(seed: Seed) -> None:
    logs = (_run([Random(n).randrange(2**16) for _ in range(400)], Random(n)) for n in range(40))
    assert any(True for log in logs for _ in seed(log))


def test_runs_contain_every_action() -> None:
    seen: set[Action] = set()
    for number in range(40):
        random = Random(number)
        log = _run([random.randrange(2**16) for _ in range(400)], random)
        seen |= {record.action for record in log}
    assert seen == set(Action)
