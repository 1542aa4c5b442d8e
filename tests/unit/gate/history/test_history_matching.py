"""Each effect finds its write: by key, by task, or by what another service has told."""

import pytest
from history_rows import effect, operation

from ballast.errors import BallastError
from ballast.gate.history.effects import NOTIFICATIONS, SOURCES, TASKS, ServiceEffect
from ballast.gate.history.findings import Findings, Violation
from ballast.gate.history.matching import compare, match
from ballast.gate.history.operations import Kind, Operation, Result

CREATE = operation("k1")
UPDATE = operation("k2", Kind.UPDATE, at=110, version=2)
COMPLETE = operation("k3", Kind.COMPLETE, at=120, version=3)
DELETE = operation("k4", Kind.DELETE, at=130, version=0)
WRITES = [CREATE, UPDATE, COMPLETE, DELETE]
SHOWN = [effect(each) for each in WRITES]
UNSURE = operation("k9", task="", result=Result.UNKNOWN, version=0)


def found(
    operations: list[Operation], effects: list[ServiceEffect], sources=(TASKS,)
) -> dict[Violation, list[str]]:
    findings = Findings()
    for matched in match(operations, effects, sources, findings):
        compare(operations, matched, 30.0, findings)
    return findings.examples


def test_every_kind_of_write_finds_its_effect():
    assert found(WRITES, SHOWN) == {}


def test_effects_are_counted_for_all_sources():
    findings = Findings()
    match([CREATE], [effect(CREATE), effect(CREATE, "notifications")], SOURCES, findings)
    assert findings.effects == 2


@pytest.mark.parametrize("missing", range(4))
def test_an_acknowledged_write_without_an_effect_is_lost(missing: int):
    lost = WRITES[missing]
    said = found(WRITES, [each for each in SHOWN if each.kind is not lost.kind])
    assert said == {Violation.LOST: [f"{lost.kind} {lost.key} of task t1 has no effect in tasks"]}


def test_a_source_is_not_asked_for_kinds_that_it_does_not_show():
    assert found(WRITES, [effect(CREATE, "notifications")], (NOTIFICATIONS,)) == {}


def test_reads_have_no_effect():
    read = operation("k5", Kind.READ, at=140)
    assert found([*WRITES, read], SHOWN) == {}


@pytest.mark.parametrize("again", SHOWN)
def test_a_second_effect_is_a_duplicate(again: ServiceEffect):
    said = found(WRITES, [*SHOWN, again._replace(id="e2")])
    assert list(said) == [Violation.DUPLICATED]
    assert "has 2 effects in tasks" in said[Violation.DUPLICATED][0]


def test_a_second_task_of_one_create_is_a_duplicate_everywhere():
    # A retry made the task twice: only one of both is known to the client.
    twice = [effect(CREATE), effect(CREATE)._replace(task="t2")]
    told = [effect(CREATE, "notifications"), effect(CREATE, "notifications", task="t2")]
    said = found([CREATE], twice + told, SOURCES)
    assert list(said) == [Violation.DUPLICATED]
    assert len(said[Violation.DUPLICATED]) == 2


def test_an_effect_of_nobody_is_a_phantom():
    said = found([CREATE], [effect(CREATE), effect(CREATE, task="t7", key="k7", number="e7")])
    assert said == {
        Violation.PHANTOM: ["tasks effect e7 of u1: create of task t7 (k7) has no cause"]
    }


@pytest.mark.parametrize(
    "stray",
    [
        effect(CREATE, user="u2"),
        effect(COMPLETE, task="t2"),
        effect(CREATE, key="k2"),
        effect(UPDATE, key=""),
        effect(UPDATE, kind=Kind.READ, key=""),
    ],
)
def test_an_effect_of_another_user_task_or_kind_is_a_phantom(stray: ServiceEffect):
    said = found(WRITES, [*SHOWN, stray])
    assert list(said) == [Violation.PHANTOM]


def test_an_effect_that_the_source_does_not_show_is_a_phantom():
    stray = effect(DELETE, "notifications")
    assert list(found(WRITES, [*SHOWN, effect(CREATE, "notifications"), stray], SOURCES)) == [
        Violation.PHANTOM
    ]


def test_an_effect_of_a_refused_write_is_a_phantom():
    refused = CREATE._replace(result=Result.FAILED)
    assert list(found([refused], [effect(CREATE)])) == [Violation.PHANTOM]


@pytest.mark.parametrize("result", [Result.UNKNOWN, Result.FAILED])
def test_no_effect_is_demanded_of_what_was_not_acknowledged(result: Result):
    assert found([CREATE._replace(result=result)], []) == {}


def test_a_write_without_an_answer_may_have_an_effect():
    assert found([UNSURE], [effect(UNSURE, task="t9")]) == {}


def test_a_write_without_an_answer_may_not_have_two():
    effects = [effect(UNSURE, task="t9"), effect(UNSURE, task="t9", number="e2")]
    assert list(found([UNSURE], effects)) == [Violation.DUPLICATED]


def test_one_service_tells_the_other_whose_a_task_is_in_any_order():
    told = [effect(UNSURE, "notifications", task="t9"), effect(UNSURE, task="t9")]
    assert found([UNSURE], told, SOURCES) == {}
    assert found([UNSURE], told[::-1], SOURCES) == {}


def test_an_effect_may_take_as_long_as_stated():
    assert found([CREATE], [effect(CREATE, after=30.0)]) == {}


def test_an_effect_that_takes_longer_is_late():
    said = found([CREATE], [effect(CREATE, after=30.25)])
    assert said == {Violation.LATE: ["create k1 of task t1 had its effect in tasks after 30.2 s"]}


def test_what_was_not_acknowledged_is_never_late():
    unsure = CREATE._replace(result=Result.UNKNOWN)
    assert found([unsure], [effect(CREATE, after=100.0)]) == {}


def test_the_first_effect_says_how_late_it_was():
    twice = [effect(CREATE), effect(CREATE, after=100.0, number="e2")]
    assert list(found([CREATE], twice)) == [Violation.DUPLICATED]


def test_the_first_effect_has_the_first_place_though_its_cause_was_found_last():
    early = effect(UNSURE, "notifications", task="t9", sequence=4)
    later = effect(UNSURE, "notifications", task="t9", sequence=6, key="k9", after=5)
    matched = match([UNSURE], [early, later], (NOTIFICATIONS,), Findings())[0]
    assert (matched.positions[0], matched.sequences[0], matched.counts[0]) == (1, 4, 2)
    assert matched.times[0] == early.at


def test_places_are_counted_in_each_source():
    other = operation("k5", task="t5", at=140)
    effects = [effect(CREATE), effect(CREATE, "notifications"), effect(other, "notifications")]
    of_tasks, of_notifications = match([CREATE, other], effects, SOURCES, Findings())
    assert list(of_tasks.positions) == [1, 0]
    assert list(of_notifications.positions) == [1, 2]


def test_a_service_that_is_no_source_is_an_error():
    with pytest.raises(BallastError, match="effect e1 is of billing"):
        found([CREATE], [effect(CREATE, "billing")])


@pytest.mark.parametrize(
    ("again", "said"),
    [
        (operation("k1", task="t2"), "create of k1"),
        (operation("k5"), "create of t1"),
        (operation("k2", Kind.UPDATE, "t2"), "update of k2"),
        (operation("k5", Kind.COMPLETE), "complete of t1"),
        (operation("k5", Kind.DELETE, version=0), "delete of t1"),
    ],
)
def test_what_is_done_twice_is_an_error(again: Operation, said: str):
    with pytest.raises(BallastError, match=f"two operations {said}"):
        found([*WRITES, again], [])


def test_what_was_refused_may_be_done_again():
    refused = operation("k5", Kind.COMPLETE, at=115, result=Result.FAILED, version=0)
    assert found([*WRITES, refused], SHOWN) == {}


def test_a_task_is_updated_often():
    again = operation("k5", Kind.UPDATE, at=112, version=3)
    assert found([*WRITES, again], [*SHOWN, effect(again)]) == {}
