"""The blast radius: nothing outside it comes, goes, restarts or stops serving unnoticed."""

from dataclasses import replace

import pytest

from ballast.gate.controls import FaultProof
from ballast.gate.pods import PodState
from ballast.gate.radius import changes_outside

TARGET = "todo-app-dev/task-service"
INSIDE = PodState("t", "t1", True, False, TARGET)
OUTSIDE = PodState("p", "p1", True, False, "database/postgres", restarts={"postgres": 2})


def changes(after: list[PodState], before: PodState = OUTSIDE) -> list[str]:
    return changes_outside(FaultProof(1.0, [INSIDE, before], 2.0, after), frozenset({TARGET}))


def test_nothing_changed():
    assert changes([INSIDE, OUTSIDE]) == []


def test_what_happens_inside_is_the_experiment():
    assert changes([replace(INSIDE, uid="t2", restarts={"task-service": 9}), OUTSIDE]) == []


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ([], ["database/p went away"]),
        ([replace(OUTSIDE, uid="p2")], ["database/p appeared", "database/p went away"]),
        ([replace(OUTSIDE, restarts={"postgres": 3})], ["database/p was restarted"]),
        ([replace(OUTSIDE, ready=False)], ["database/p serves no more"]),
        ([replace(OUTSIDE, leaving=True)], ["database/p serves no more"]),
    ],
)
def test_a_change_outside_is_told(after, told):
    assert changes([INSIDE, *after]) == told


def test_a_pod_that_gets_ready_meanwhile_is_no_damage():
    assert changes([INSIDE, OUTSIDE], replace(OUTSIDE, ready=False)) == []


def test_pods_of_jobs_come_and_go():
    job = PodState("j", "j1", False, False, "todo-app-dev/migrate", job=True)
    assert changes([INSIDE, OUTSIDE, job]) == []
    assert changes([INSIDE, OUTSIDE], replace(OUTSIDE, job=True)) == ["database/p appeared"]
