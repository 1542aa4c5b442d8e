"""What the trace checker says of logs written by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.trace import (
    Action,
    Invariant,
    TraceError,
    TraceRecord,
    first_violation,
    open_reminders,
    read_trace,
)

NOON = datetime(2026, 10, 25, 12, tzinfo=UTC)
MONDAY, TUESDAY, WEDNESDAY = "2026-10-26T09:00", "2026-10-27T09:00", "2026-10-28T09:00"
ORDER = {"s": [MONDAY, TUESDAY, WEDNESDAY]}


def _series(
    action: Action, key: str, fence: int, replica: str = "a", **more: object
) -> TraceRecord:
    values = {"series_id": "s", "occurrence_key": key, "fence": fence, **more}
    return TraceRecord.model_validate({"at": NOON, "replica": replica, "action": action, **values})


def _reminder(action: Action, minutes: int = 0, replica: str = "a", **more: object) -> TraceRecord:
    values = {"reminder_id": "r", "task_id": "t", "trigger_time": NOON, **more}
    at = NOON + timedelta(minutes=minutes)
    return TraceRecord.model_validate({"at": at, "replica": replica, "action": action, **values})


def _made(key: str, fence: int, replica: str = "a") -> list[TraceRecord]:
    return [
        _series(Action.CLAIMED, key, fence, replica),
        _series(Action.INSTANCE_REQUESTED, key, fence, replica),
        _series(Action.INSTANCE_MADE, key, fence, replica, task_id=f"task of {key}"),
        _series(Action.CURSOR_ADVANCED, key, fence, replica),
    ]


def _found(
    log: Sequence[TraceRecord], schedules: dict[str, list[str]] | None = None
) -> Invariant | None:
    found = first_violation(log, schedules=schedules)
    return found.invariant if found else None


GOOD = [
    *_made(MONDAY, 2),
    *_made(TUESDAY, 3, "b"),
    _reminder(Action.REMINDER_STORED, -60),
    _reminder(Action.REMINDER_FIRED),
]


def test_a_good_log_is_accepted_in_any_order_of_its_replicas() -> None:
    assert _found(GOOD, ORDER) is None
    assert _found([*GOOD[4:], *GOOD[:4]], ORDER) is None
    assert first_violation([]) is None


def test_a_takeover_repeats_the_request_and_gets_the_same_task() -> None:
    log = [*_made(MONDAY, 2)[:3], *_made(MONDAY, 3, "b"), _series(Action.LEASE_LOST, MONDAY, 2)]
    assert _found(log, ORDER) is None


def test_the_last_action_of_a_killed_replica_may_be_missing() -> None:
    assert _found([*_made(MONDAY, 2)[:3], *_made(TUESDAY, 3, "b")], ORDER) is None
    assert _found([*_made(MONDAY, 2)[:2], *_made(TUESDAY, 3, "b")]) is Invariant.NO_SKIPPED_INSTANCE


def test_one_claim_may_catch_up_several_occurrences() -> None:
    log = [*_made(MONDAY, 2), *_made(TUESDAY, 2)[1:], *_made(WEDNESDAY, 2)[1:]]
    assert _found(log, ORDER) is None
    assert _found([*log[:4], *log[7:]], ORDER) is Invariant.NO_SKIPPED_INSTANCE


def test_what_the_policy_passes_over_needs_no_instance() -> None:
    log = _made(MONDAY, 2)
    log[1:3] = [_series(Action.PASSED_OVER, MONDAY, 2)]
    assert _found(log, ORDER) is None
    assert _found([log[0], log[2]], ORDER) is Invariant.NO_SKIPPED_INSTANCE


def test_an_edit_may_place_the_cursor_anew_but_not_on_what_it_left() -> None:
    log = [*_made(MONDAY, 2), *_made(WEDNESDAY, 4)]
    assert _found(log) is None
    assert _found(log, ORDER) is Invariant.NO_SKIPPED_INSTANCE
    assert _found([*log, *_made(MONDAY, 6)]) is Invariant.EDIT_AFFECTS_ONLY_LATER
    assert _found([*_made(MONDAY, 2), *_made(MONDAY, 3)]) is Invariant.FENCE_IDENTIFIES_CLAIM


def test_the_first_occurrence_is_not_skipped() -> None:
    assert _found(_made(TUESDAY, 2), ORDER) is Invariant.NO_SKIPPED_INSTANCE


def test_nothing_is_made_after_the_end_of_the_schedule() -> None:
    log = [*_made(MONDAY, 2), *_made(TUESDAY, 3)]
    assert _found(log, {"s": [MONDAY]}) is Invariant.NO_DUPLICATE_INSTANCE


def test_both_passes_through_an_overlap_only_where_they_are_wanted() -> None:
    log = [*_made("2026-10-25T02:30", 2), *_made("2026-10-25T02:30+f1", 3)]
    found = first_violation(log)
    assert found is not None
    assert found.invariant is Invariant.NO_DUPLICATE_INSTANCE
    assert found.record is log[6]
    assert "2026-10-25T02:30" in str(found)
    assert first_violation(log, both_passes={"s"}) is None


@pytest.mark.parametrize(
    ("log", "invariant"),
    [
        (
            [*_made(MONDAY, 2)[:3], _series(Action.INSTANCE_MADE, MONDAY, 2, task_id="second")],
            Invariant.NO_DUPLICATE_INSTANCE,
        ),
        (
            [
                *_made(MONDAY, 2),
                _series(Action.CLAIMED, TUESDAY, 3),
                _series(Action.INSTANCE_MADE, TUESDAY, 3, task_id=f"task of {MONDAY}"),
            ],
            Invariant.NO_SKIPPED_INSTANCE,
        ),
        ([_made(MONDAY, 2)[0], _made(MONDAY, 2)[3]], Invariant.NO_SKIPPED_INSTANCE),
        (
            [_series(Action.CLAIMED, MONDAY, 2, trigger_time=NOON + timedelta(seconds=1))],
            Invariant.NO_EARLY_FIRE,
        ),
        ([*_made(MONDAY, 2), *_made(TUESDAY, 2, "b")], Invariant.FENCE_IDENTIFIES_CLAIM),
        ([*_made(MONDAY, 2)[1:]], Invariant.FENCE_IDENTIFIES_CLAIM),
        (
            [
                *_made(MONDAY, 2)[:3],
                _series(Action.LEASE_LOST, MONDAY, 2),
                _series(Action.CURSOR_ADVANCED, MONDAY, 2),
            ],
            Invariant.FENCE_IDENTIFIES_CLAIM,
        ),
        (
            [*_made(MONDAY, 2), *_made(MONDAY, 2)[1:]],
            Invariant.FENCE_IDENTIFIES_CLAIM,
        ),
        (
            [_reminder(Action.REMINDER_FIRED), _reminder(Action.REMINDER_FIRED, replica="b")],
            Invariant.AT_MOST_ONE_TRIGGER,
        ),
        ([_reminder(Action.REMINDER_FIRED, -1)], Invariant.NO_EARLY_FIRE),
        (
            [_reminder(Action.REMINDER_CANCELED), _reminder(Action.REMINDER_FIRED, 1)],
            Invariant.NO_TRIGGER_AFTER_CANCEL,
        ),
        (
            [_reminder(Action.REMINDER_CANCELED), _reminder(Action.REMINDER_CANCELED)],
            Invariant.ONCE_EFFECT,
        ),
        (
            [_reminder(Action.REMINDER_STORED, -60), _reminder(Action.REMINDER_STORED, -50)],
            Invariant.ONCE_EFFECT,
        ),
    ],
)
def test_each_invariant_is_checked(log: list[TraceRecord], invariant: Invariant) -> None:
    assert _found(log) is invariant


def test_a_reminder_may_move_away_and_back() -> None:
    later = NOON + timedelta(hours=1)
    log = [
        _reminder(Action.REMINDER_STORED, -60),
        _reminder(Action.REMINDER_STORED, -50, trigger_time=later),
        _reminder(Action.REMINDER_STORED, -40),
        _reminder(Action.REMINDER_FIRED),
    ]
    assert _found(log) is None


def test_the_first_violation_of_the_log_is_the_one_reported() -> None:
    first = _reminder(Action.REMINDER_FIRED, -1, reminder_id="r1")
    log = [*_made(MONDAY, 2), first, _series(Action.CURSOR_ADVANCED, MONDAY, 9)]
    found = first_violation(log)
    assert found is not None
    assert found.record is first


def test_a_clock_may_be_wrong_by_what_is_allowed() -> None:
    log = [_reminder(Action.REMINDER_FIRED, trigger_time=NOON + timedelta(milliseconds=9))]
    assert first_violation(log) is None
    found = first_violation(log, clock_error=timedelta(0))
    assert found is not None
    assert found.invariant is Invariant.NO_EARLY_FIRE


def test_open_reminders_are_those_that_did_not_end() -> None:
    moved = _reminder(Action.REMINDER_STORED, -30, reminder_id="r2", trigger_time=NOON)
    log = [
        *GOOD,
        moved,
        _reminder(Action.REMINDER_STORED, -60, reminder_id="r2"),
        _reminder(Action.REMINDER_STORED, reminder_id="r3"),
        _reminder(Action.REMINDER_CANCELED, reminder_id="r3"),
    ]
    assert open_reminders(log) == [moved]


def test_a_log_is_read_line_by_line() -> None:
    lines = [record.model_dump_json(exclude_none=True) for record in GOOD]
    assert list(read_trace([*lines, "", "\n"])) == GOOD


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nothing", "JSON"),
        ('{"at": "2026-10-25T12:00:00Z", "replica": "a", "action": "slept"}', "Input should be"),
        (
            '{"at": "2026-10-25T12:00:00Z", "replica": "a", "action": "claimed", "fence": 1}',
            "needs",
        ),
        (GOOD[0].model_dump_json()[:-1] + ', "colour": 1}', "Extra inputs"),
        (GOOD[0].model_dump_json().replace("Z", ""), "timezone"),
    ],
)
def test_a_line_that_is_no_record_is_refused_with_its_number(line: str, reason: str) -> None:
    with pytest.raises(TraceError, match=f"line 2: .*{reason}"):
        list(read_trace(["", line]))
