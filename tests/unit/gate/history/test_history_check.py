"""The whole checker: each seeded violation is reported as its class and as nothing else."""

from collections.abc import Callable

import pytest
from history_model import WITHIN, World
from history_rows import effect, operation

from ballast.gate.history.check import check
from ballast.gate.history.effects import Tally
from ballast.gate.history.findings import Findings, Violation
from ballast.gate.history.operations import Kind, Result


def small() -> World:
    """Two users; the first one's second update had no answer, and happened."""
    c1, c2 = operation("c1"), operation("c2", task="t2", at=110)
    p1 = operation("p1", Kind.UPDATE, at=120, version=2)
    p2 = operation("p2", Kind.UPDATE, at=130, result=Result.UNKNOWN, version=0)
    r1 = operation("r1", Kind.READ, at=140, version=3)
    r2 = operation("r2", Kind.READ, at=150, version=3)
    d2 = operation("d2", Kind.DELETE, "t2", at=160, version=0)
    lists = operation("l1", Kind.LIST, "", at=170, version=0, seen={"t1": 3})
    refused = operation("x1", Kind.COMPLETE, at=175, result=Result.FAILED, version=0)
    c3 = operation("c3", task="t3", user="u2")
    writes = [(c1, 1), (c2, 1), (p1, 2), (p2, 3), (d2, 2), (c3, 1)]
    return World(
        [c1, c3, c2, p1, p2, r1, r2, d2, lists, refused],
        [effect(each, sequence=number) for each, number in writes]
        + [
            effect(each, "notifications", sequence=number, after=0.5)
            for each, number in ((c1, 1), (c2, 2), (c3, 1))
        ],
        [Tally("analytics", "u1", Kind.CREATE, 2), Tally("analytics", "u1", Kind.DELETE, 1)],
    )


def run(seeded: World) -> Findings:
    return check(seeded.operations, seeded.effects, within=WITHIN, tallies=seeded.tallies)


def lose(world: World) -> None:
    del world.effects[6]


def lose_tally(world: World) -> None:
    world.tallies[0] = Tally("analytics", "u1", Kind.CREATE, 1)


def duplicate(world: World) -> None:
    world.effects.append(world.effects[6]._replace(id="e2"))


def reorder(world: World) -> None:
    world.effects[6], world.effects[7] = world.effects[7], world.effects[6]


def renumber(world: World) -> None:
    world.effects[6] = world.effects[6]._replace(sequence=9)


def delay(world: World) -> None:
    world.effects[7] = world.effects[7]._replace(at=142.0)


def invent(world: World) -> None:
    world.effects.append(world.effects[7]._replace(task="t9"))


def invent_tally(world: World) -> None:
    world.tallies[1] = Tally("analytics", "u1", Kind.DELETE, 2)


def forget_write(world: World) -> None:
    world.operations[5] = world.operations[5]._replace(version=1)


def go_back(world: World) -> None:
    world.operations[6] = world.operations[6]._replace(version=2)


def test_a_clean_history_has_no_violation():
    findings = run(small())
    assert findings.counts == {}
    assert (findings.writes, findings.reads, findings.unknown, findings.failed) == (5, 3, 1, 1)
    assert findings.effects == 9


@pytest.mark.parametrize(
    ("seed", "violation"),
    [
        (lose, Violation.LOST),
        (lose_tally, Violation.LOST),
        (duplicate, Violation.DUPLICATED),
        (reorder, Violation.REORDERED),
        (renumber, Violation.REORDERED),
        (delay, Violation.LATE),
        (invent, Violation.PHANTOM),
        (invent_tally, Violation.PHANTOM),
        (forget_write, Violation.READ_YOUR_WRITES),
        (go_back, Violation.MONOTONIC_READS),
    ],
)
def test_a_seeded_violation_is_its_class_and_only_that(
    seed: Callable[[World], None], violation: Violation
):
    seeded = small()
    seed(seeded)
    assert run(seeded).counts == {violation: 1}


def test_what_is_missing_may_still_come_for_its_user():
    seeded = small()
    lose(seeded)
    assert run(seeded).missing == {"u1"}


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "analytics counts 1 create of u1, 2 were acknowledged"),
        (4, "analytics counts 4 create of u1, 3 can have happened"),
    ],
)
def test_a_tally_is_between_what_is_certain_and_what_is_possible(number: int, said: str):
    seeded = small()
    seeded.operations.append(operation("c9", task="", result=Result.UNKNOWN, version=0))
    for possible in (2, 3):
        seeded.tallies = [Tally("analytics", "u1", Kind.CREATE, possible)]
        assert run(seeded).counts == {}
    seeded.tallies = [Tally("analytics", "u1", Kind.CREATE, number)]
    assert [each for all_ in run(seeded).examples.values() for each in all_] == [said]


def test_a_refused_operation_is_not_counted():
    seeded = small()
    seeded.tallies = [Tally("analytics", "u1", Kind.COMPLETE, 1)]
    assert run(seeded).counts == {Violation.PHANTOM: 1}
