"""Session guarantees: own writes are seen, and what was seen stays seen."""

import pytest
from history_rows import operation

from ballast.gate.history.findings import Findings, Violation
from ballast.gate.history.operations import Kind, Operation, Result
from ballast.gate.history.sessions import check_session

OWN, BACK = Violation.READ_YOUR_WRITES, Violation.MONOTONIC_READS
CREATE = operation("c1", at=100)
UPDATE = operation("p2", Kind.UPDATE, at=110, version=2)
UNSURE = UPDATE._replace(result=Result.UNKNOWN, version=0)
DELETE = operation("d3", Kind.DELETE, at=120, version=0)
UNSURE_DELETE = DELETE._replace(result=Result.UNKNOWN)


def read(at: float, version: int, *, task: str = "t1", lasts: float = 1.0) -> Operation:
    return operation(f"r{at}", Kind.READ, task, at=at, lasts=lasts, version=version)


def listed(at: float, *, more: bool = False, lasts: float = 1.0, **seen: int) -> Operation:
    return operation(f"l{at}", Kind.LIST, "", at=at, lasts=lasts, version=0, seen=seen, more=more)


def found(*operations: Operation) -> list[tuple[Violation, str]]:
    findings = Findings()
    check_session("u1", range(len(operations)), operations, findings)
    return [(violation, said) for violation, all_ in findings.examples.items() for said in all_]


def classes(*operations: Operation) -> list[Violation]:
    return [violation for violation, _ in found(*operations)]


def test_a_session_that_sees_all_is_well():
    assert found(CREATE, read(105, 1), UPDATE, listed(115, t1=2), DELETE, read(125, 0)) == []


def test_a_read_that_misses_an_own_write_is_named():
    assert found(CREATE, UPDATE, read(115, 1)) == [
        (OWN, "read r115 shows task t1 at version 1, at version 2 was written before")
    ]


def test_a_read_that_misses_a_new_task_is_named():
    assert found(CREATE, read(105, 0)) == [
        (OWN, "read r105 shows task t1 not at all, at version 1 was written before")
    ]


def test_a_list_that_shows_an_old_version_is_named():
    assert found(CREATE, UPDATE, listed(115, t1=1)) == [
        (OWN, "list l115 shows task t1 at version 1, at version 2 was written before")
    ]


def test_a_list_without_a_task_of_the_user_is_named():
    assert found(CREATE, listed(105)) == [
        (OWN, "list l105 shows task t1 not at all, at version 1 was written before")
    ]


def test_a_deleted_task_stays_away_from_reads_and_lists():
    assert found(CREATE, DELETE, read(125, 1)) == [
        (OWN, "read r125 shows task t1 at version 1, deleted was written before")
    ]
    assert classes(CREATE, DELETE, listed(125, t1=1)) == [OWN]


def test_a_read_may_see_more_than_was_written():
    assert classes(CREATE, read(105, 7)) == []


def test_a_write_that_is_under_way_may_be_seen_or_not():
    slow = UPDATE._replace(completed=130.0)
    assert classes(CREATE, slow, read(115, 1)) == []
    assert classes(CREATE, slow, read(115, 2)) == []


def test_a_read_that_begins_with_the_answer_of_a_write_overlaps_it():
    assert classes(CREATE, UPDATE, read(111, 1)) == []


def test_a_write_without_an_answer_may_be_seen_or_not():
    assert classes(CREATE, UNSURE, read(115, 1)) == []
    assert classes(CREATE, UNSURE, read(115, 2)) == []


def test_a_refused_write_is_not_missed():
    assert classes(CREATE, UPDATE._replace(result=Result.FAILED), read(115, 1)) == []


def test_a_read_that_goes_back_is_named():
    assert found(CREATE, UNSURE, read(115, 2), read(120, 1)) == [
        (BACK, "read r120 shows task t1 at version 1, at version 2 was seen before")
    ]


@pytest.mark.parametrize("first", [read(115, 2), listed(115, t1=2)])
@pytest.mark.parametrize("second", [read(120, 1), listed(120, t1=1)])
def test_reads_and_lists_are_one_session(first: Operation, second: Operation):
    assert classes(CREATE, UNSURE, first, second) == [BACK]


def test_reads_that_overlap_have_no_order():
    assert classes(CREATE, UNSURE, read(115, 2, lasts=5), read(117, 1)) == []


def test_a_read_that_begins_with_the_answer_of_another_overlaps_it():
    assert classes(CREATE, UNSURE, read(115, 2), read(116, 1)) == []


def test_the_highest_version_that_was_seen_counts():
    reads = [read(115, 2, lasts=9), read(116, 1), read(130, 1)]
    assert classes(CREATE, UNSURE, *reads) == [BACK]


def test_the_highest_version_that_was_written_counts():
    slow = UPDATE._replace(completed=111.0)
    other = operation("p3", Kind.UPDATE, at=105, lasts=20, version=1)
    assert classes(CREATE, slow, other, read(130, 1)) == [OWN]


def test_a_read_that_misses_a_write_and_goes_back_is_reported_once():
    assert classes(CREATE, UPDATE, read(115, 2), read(120, 1)) == [OWN]


def test_a_read_without_an_answer_says_nothing():
    unsure = read(115, 0)._replace(result=Result.UNKNOWN)
    assert classes(CREATE, UPDATE, unsure) == []


def test_a_task_is_away_once_its_deletion_was_asked_for():
    assert classes(CREATE, UNSURE_DELETE, read(125, 0), listed(130)) == []
    assert classes(CREATE, UNSURE_DELETE, read(125, 1), listed(130, t1=1)) == []


def test_a_task_that_is_away_does_not_come_back():
    assert found(CREATE, UNSURE_DELETE, read(125, 0), read(130, 1)) == [
        (BACK, "read r130 shows task t1 at version 1, deleted was seen before")
    ]
    assert classes(CREATE, UNSURE_DELETE, listed(125), listed(130, t1=1)) == [BACK]


def test_a_task_that_is_away_for_no_reason_is_reported_once():
    assert classes(CREATE, read(105, 0), read(107, 1)) == [OWN]


def test_a_read_during_a_deletion_may_see_the_task_or_not():
    slow = DELETE._replace(completed=130.0)
    assert classes(CREATE, slow, read(123, 0)) == []
    assert classes(CREATE, slow, read(123, 1)) == []


def test_no_later_deletion_excuses_a_read():
    assert classes(CREATE, read(105, 0), DELETE) == [OWN]


def test_a_deletion_asked_for_with_the_answer_of_a_read_does_not_excuse_it():
    assert classes(CREATE, read(119, 0), DELETE) == [OWN]


def test_a_refused_deletion_excuses_no_read():
    assert classes(CREATE, DELETE._replace(result=Result.FAILED), read(125, 0)) == [OWN]


def test_the_first_of_two_deletions_excuses_a_read():
    again = UNSURE_DELETE._replace(key="d4", invoked=150.0, completed=151.0)
    assert classes(CREATE, UNSURE_DELETE, again, read(125, 0)) == []
    assert classes(CREATE, again, UNSURE_DELETE, read(125, 0)) == []


def test_a_list_that_was_cut_may_leave_tasks_out():
    assert classes(CREATE, listed(105, more=True)) == []


def test_a_list_that_was_cut_shows_no_old_version():
    assert classes(CREATE, UPDATE, listed(115, more=True, t1=1)) == [OWN]


def test_a_list_need_not_show_a_task_that_is_being_created():
    assert classes(CREATE, listed(100.5)) == []


def test_a_task_that_a_list_has_shown_stays_in_lists():
    # Nobody told the client that its create happened, but a list did.
    unsure = CREATE._replace(task="", result=Result.UNKNOWN, version=0)
    assert found(unsure, listed(105, t1=1), listed(110)) == [
        (BACK, "list l110 shows task t1 not at all, at version 1 was seen before")
    ]


def test_a_task_that_never_was_need_not_be_shown():
    assert classes(read(105, 0, task="t9"), listed(110)) == []


def test_tasks_are_apart():
    other = operation("c2", task="t2", at=102)
    assert classes(CREATE, other, UPDATE, read(115, 1, task="t2"), read(118, 2)) == []


def test_the_file_of_a_history_need_not_be_in_order():
    assert classes(read(115, 1), UPDATE, CREATE) == [OWN]
