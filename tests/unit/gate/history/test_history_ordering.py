"""Effects keep the order of operations that do not overlap, by place and by sequence."""

from array import array

import pytest
from history_rows import operation

from ballast.gate.history.effects import NOTIFICATIONS, TASKS, Source
from ballast.gate.history.findings import Findings, Violation
from ballast.gate.history.matching import Matched
from ballast.gate.history.operations import Kind, Operation, Result
from ballast.gate.history.ordering import find_reordered

Places = list[tuple[int, int]]


def reordered(
    operations: list[Operation], places: Places, source: Source = NOTIFICATIONS
) -> list[str]:
    matched = Matched(source, len(operations))
    matched.positions = array("q", [position for position, _ in places])
    matched.sequences = array("q", [sequence for _, sequence in places])
    matched.counts = array("l", [int(position > 0) for position, _ in places])
    findings = Findings()
    find_reordered("u1", range(len(operations)), operations, matched, findings)
    return findings.examples.get(Violation.REORDERED, [])


def creates(*starts: float, lasts: float = 1.0) -> list[Operation]:
    return [operation(f"k{n}", task=f"t{n}", at=at, lasts=lasts) for n, at in enumerate(starts)]


def test_effects_in_the_order_of_their_causes_are_well():
    assert reordered(creates(100, 110, 120), [(1, 4), (2, 5), (5, 9)]) == []


def test_an_effect_that_came_before_an_earlier_one_is_reordered():
    assert reordered(creates(100, 110), [(2, 4), (1, 5)]) == [
        "notifications shows k1 (place 1, sequence 5) before the earlier k0 (place 2, sequence 4)"
    ]


def test_an_effect_that_counts_before_an_earlier_one_is_reordered():
    assert reordered(creates(100, 110), [(1, 5), (2, 4)]) == [
        "notifications shows k1 (place 2, sequence 4) before the earlier k0 (place 1, sequence 5)"
    ]


def test_an_effect_is_compared_with_all_earlier_ones():
    assert len(reordered(creates(100, 110, 120, 130), [(1, 1), (4, 4), (2, 2), (3, 3)])) == 2


@pytest.mark.parametrize("places", [[(9, 1), (1, 2), (2, 3)], [(1, 9), (2, 1), (3, 2)]])
def test_the_effect_that_was_overtaken_most_is_named(places: Places):
    said = reordered(creates(100, 110, 120), places)
    assert [each.split(" earlier ")[1][:2] for each in said] == ["k0", "k0"]


def test_the_file_of_a_history_need_not_be_in_order():
    assert len(reordered(creates(110, 100), [(1, 5), (2, 4)])) == 1
    assert reordered(creates(110, 100), [(2, 5), (1, 4)]) == []


def test_operations_that_overlap_have_no_order():
    assert reordered(creates(100, 100.5), [(2, 5), (1, 4)]) == []


def test_an_operation_that_begins_with_the_answer_of_another_overlaps_it():
    assert reordered(creates(100, 101), [(2, 5), (1, 4)]) == []


def test_a_long_operation_overlaps_all_that_it_covers():
    operations = [operation("k0", lasts=50, task="t0"), *creates(110, 120)]
    assert reordered(operations, [(3, 3), (1, 1), (2, 2)]) == []


def test_an_operation_without_an_answer_has_no_order():
    operations = creates(100, 110)
    operations[0] = operations[0]._replace(result=Result.UNKNOWN)
    assert reordered(operations, [(2, 5), (1, 4)]) == []


def test_what_has_no_effect_has_no_place():
    assert reordered(creates(100, 110), [(4, 4), (0, 0)]) == []


def test_equal_numbers_are_no_order():
    assert reordered(creates(100, 110), [(1, 4), (1, 4)]) == []


def test_a_source_that_orders_tasks_compares_within_a_task():
    apart = creates(100, 110)
    together = [operation("k0"), operation("k1", Kind.UPDATE, at=110)]
    assert reordered(apart, [(2, 2), (1, 1)], TASKS) == []
    assert len(reordered(together, [(2, 2), (1, 1)], TASKS)) == 1


def test_a_source_that_orders_users_compares_across_tasks():
    together = [operation("k0"), operation("k1", Kind.UPDATE, "t2", at=110)]
    assert len(reordered(together, [(2, 2), (1, 1)])) == 1
