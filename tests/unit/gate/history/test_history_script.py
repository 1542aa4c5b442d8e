"""What users do next is permitted, varied and repeatable."""

from collections import Counter

import pytest
from history_rows import operation

from ballast.gate.history.operations import Kind, Operation, Result
from ballast.gate.history.script import Script


def play(script: Script, steps: int, result: Result = Result.ACKNOWLEDGED) -> list[Operation]:
    done: list[Operation] = []
    for number in range(steps):
        kind, task = script.next()
        told = f"t{number}" if result is Result.ACKNOWLEDGED else ""
        step = operation(f"k{number}", kind, task or told, result=result)
        script.learn(step)
        done.append(step)
    return done


def test_equal_seeds_and_answers_give_equal_steps():
    assert play(Script("7-1"), 50) == play(Script("7-1"), 50)


def test_other_seeds_give_other_steps():
    assert play(Script("7-1"), 50) != play(Script("7-2"), 50)


def test_a_user_without_a_task_creates_one():
    assert Script("7-1").next() == (Kind.CREATE, "")


@pytest.mark.parametrize("result", [Result.FAILED, Result.UNKNOWN])
def test_a_task_that_nobody_told_of_is_not_touched(result: Result):
    assert {each.kind for each in play(Script("7-1"), 20, result)} == {Kind.CREATE}


def test_every_kind_of_step_is_made():
    assert {each.kind for each in play(Script("7-1"), 200)} == set(Kind)


def test_nothing_is_completed_or_deleted_twice_or_changed_after_its_end():
    done = play(Script("7-1"), 500)
    once = Counter((each.kind, each.task) for each in done)
    assert all(once[kind, each.task] <= 1 for each in done for kind in (Kind.COMPLETE, Kind.DELETE))
    gone: set[str] = set()
    for each in done:
        assert each.kind is Kind.READ or each.task not in gone
        gone |= {each.task} if each.kind is Kind.DELETE else set()


@pytest.mark.parametrize("kind", [Kind.COMPLETE, Kind.DELETE])
@pytest.mark.parametrize(
    ("result", "again"),
    [(Result.ACKNOWLEDGED, False), (Result.UNKNOWN, False), (Result.FAILED, True)],
)
def test_only_what_was_refused_is_done_again(kind: Kind, result: Result, *, again: bool):
    script = Script("7-1")
    script.learn(operation("k1"))
    script.learn(operation("k2", kind, result=result))
    assert any(script.next() == (kind, "t1") for _ in range(200)) is again
