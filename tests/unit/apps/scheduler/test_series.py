"""The cursor of a series: where events put it, and which way it goes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.models import series as module
from scheduler.models.series import Cursor, Schedule, Series, projected, relocated, steps
from todo_shared.events.payloads import RecurringTaskUpdated
from todo_shared.recurrence import CatchUpPolicy, RecurrenceError

GRACE = timedelta(minutes=5)
BASE: dict[str, Any] = {
    "user_id": "ann",
    "recurring_task_id": "s",
    "title": "water the plants",
    "recurrence_rule": "0 9 * * *",
    "rule_kind": "cron",
    "time_zone": "UTC",
    "starts_at": "2026-01-01T00:00",
    "gap_policy": "run_at_end",
    "overlap_policy": "first",
    "short_month_policy": "skip",
    "catch_up_policy": "all",
    "lead_minutes": 0,
    "next_generation_time": datetime(2026, 3, 1, 9, tzinfo=UTC),
    "active": True,
    "version": 1,
}


def at(day: int, hour: int = 9, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def told(**values: Any) -> RecurringTaskUpdated:
    return RecurringTaskUpdated(**(BASE | values))


def series(**values: Any) -> Series:
    return projected(told(**values), None)


def key(found: Series) -> str | None:
    return found.cursor.key if found.cursor else None


def test_a_new_series_begins_where_its_event_says() -> None:
    found = series(next_generation_time=at(1, 8), lead_minutes=60)
    assert found.cursor == Cursor("2026-03-01T09:00", at(1), at(1, 8))


def test_a_series_whose_rule_has_ended_has_no_cursor() -> None:
    assert series(next_generation_time=None).cursor is None
    once = series(recurrence_rule="FREQ=DAILY;COUNT=1", rule_kind="rrule")
    assert once.cursor is None


def test_another_title_keeps_the_cursor_that_went_on_meanwhile() -> None:
    known = replace(series(), cursor=Cursor("2026-03-05T09:00", at(5), at(5)))
    assert key(projected(told(version=2), known)) == "2026-03-05T09:00"


def test_an_event_that_knows_of_more_instances_moves_the_cursor_on() -> None:
    found = projected(told(version=2, next_generation_time=at(4)), series())
    assert key(found) == "2026-03-04T09:00"


def test_another_rule_begins_where_the_event_says_even_if_that_is_earlier() -> None:
    known = replace(series(), cursor=Cursor("2026-03-05T09:00", at(5), at(5)))
    found = projected(told(version=2, recurrence_rule="0 8 * * *"), known)
    assert key(found) == "2026-03-02T08:00"


def test_another_lead_changes_when_the_same_occurrence_is_made() -> None:
    found = projected(told(version=2, lead_minutes=30, next_generation_time=at(1, 8, 30)), series())
    assert found.cursor == Cursor("2026-03-01T09:00", at(1), at(1, 8, 30))


def test_a_pause_passes_over_what_came_during_it() -> None:
    paused = projected(told(version=2, active=False, next_generation_time=None), series())
    assert (paused.active, key(paused)) == (False, "2026-03-01T09:00")
    resumed = projected(told(version=3, next_generation_time=at(10)), paused)
    assert (resumed.active, key(resumed)) == (True, "2026-03-10T09:00")


def test_a_pause_of_which_only_the_end_was_heard_passes_over_as_much() -> None:
    assert key(projected(told(version=3, next_generation_time=at(10)), series())) == (
        "2026-03-10T09:00"
    )


def test_a_deleted_series_is_not_active() -> None:
    assert not projected(told(version=2, deleted=True), series()).active


def test_a_rule_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(RecurrenceError):
        series(recurrence_rule="every full moon")
    with pytest.raises(ValueError, match="sometimes"):
        series(gap_policy="sometimes")


def _way(found: Series, now: datetime) -> list[tuple[str, bool]]:
    return [(step.occurrence.key[8:10], step.wanted) for step in steps(found, now, GRACE)]


def test_nothing_is_due_before_its_time() -> None:
    assert steps(series(), at(1) - timedelta(microseconds=1), GRACE) == ()
    assert steps(series(next_generation_time=None), at(1), GRACE) == ()


def test_what_is_due_is_made_and_the_cursor_goes_one_on() -> None:
    (step,) = steps(series(), at(1), GRACE)
    assert step.wanted
    assert step.following == Cursor("2026-03-02T09:00", at(2), at(2))


def test_the_last_occurrence_leads_to_the_end() -> None:
    rule = {"recurrence_rule": "FREQ=DAILY;COUNT=2", "rule_kind": "rrule"}
    found = series(**rule, starts_at="2026-03-01T09:00")
    assert [step.following for step in steps(found, at(9), GRACE)][-1] is None


@pytest.mark.parametrize(
    ("policy", "made"),
    [
        ("all", ["01", "02", "03", "04"]),
        ("latest", ["03", "04"]),
        ("none", ["04"]),
    ],
)
def test_after_an_absence_the_policy_says_what_is_made(policy: str, made: list[str]) -> None:
    way = _way(series(catch_up_policy=policy), at(4, 9, 1))
    assert [day for day, _ in way] == ["01", "02", "03", "04"]
    assert [day for day, wanted in way if wanted] == made


def test_a_little_late_is_not_missed() -> None:
    assert _way(series(catch_up_policy="none"), at(1, 9, 5)) == [("01", True)]
    assert _way(series(catch_up_policy="none"), at(1, 9, 6)) == [("01", False)]


def test_of_more_than_one_claim_can_hold_latest_makes_only_the_very_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_CATCH_UP", 3)
    found = series(catch_up_policy="latest")
    first = steps(found, at(5, 12), GRACE)
    assert [step.wanted for step in first] == [False] * 3
    rest = steps(replace(found, cursor=first[-1].following), at(5, 12), GRACE)
    assert [(step.occurrence.key[8:10], step.wanted) for step in rest] == [
        ("04", False),
        ("05", True),
    ]


def test_an_occurrence_in_the_gap_is_made_once_at_its_end() -> None:
    # Berlin, 29 March: 02:00 becomes 03:00, which is 01:00 UTC.
    found = series(
        recurrence_rule="30 2 * * *",
        time_zone="Europe/Berlin",
        next_generation_time=at(28, 12),
    )
    assert found.cursor == Cursor("2026-03-29T02:30", at(29, 1), at(29, 1))
    assert steps(found, at(29, 0, 59), GRACE) == ()
    (step,) = steps(found, at(29, 1), GRACE)
    assert step.following == Cursor("2026-03-30T02:30", at(30, 0, 30), at(30, 0, 30))


@pytest.mark.parametrize(
    ("policy", "keys"),
    [
        ("first", ["2026-10-25T02:30"]),
        ("second", ["2026-10-25T02:30+f1"]),
        ("both", ["2026-10-25T02:30", "2026-10-25T02:30+f1"]),
    ],
)
def test_an_occurrence_that_comes_twice_is_made_as_the_policy_says(
    policy: str, keys: list[str]
) -> None:
    found = series(
        recurrence_rule="30 2 * * *",
        time_zone="Europe/Berlin",
        overlap_policy=policy,
        next_generation_time=at(24, 12, month=10),
    )
    way = steps(found, at(25, 23, month=10), timedelta(days=2))
    assert [step.occurrence.key for step in way] == keys
    assert len({step.occurrence.instant for step in way}) == len(keys)


@given(
    now=st.datetimes(datetime(2026, 3, 1, 9), datetime(2026, 5, 1)),
    policy=st.sampled_from(CatchUpPolicy),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    rule=st.sampled_from(["0 9 * * *", "30 2 * * *", "0 */6 * * *", "0 0 31 * *"]),
    lead=st.integers(0, 3000),
)
def test_the_way_is_without_holes_and_ends_after_now(
    now: datetime, policy: CatchUpPolicy, zone: str, rule: str, lead: int
) -> None:
    moment = now.replace(tzinfo=UTC)
    found = series(recurrence_rule=rule, time_zone=zone, catch_up_policy=policy, lead_minutes=lead)
    way = steps(found, moment, GRACE)
    for step, following in pairwise(way):
        assert step.following is not None
        assert step.following.key == following.occurrence.key
        assert step.occurrence.instant < following.occurrence.instant
    for step in way:
        assert step.occurrence.instant - timedelta(minutes=lead) <= moment
    if way and way[-1].following is not None:
        assert way[-1].following.generation_at > moment
    if policy is CatchUpPolicy.ALL:
        assert all(step.wanted for step in way)


def test_new_zone_data_moves_the_instant_and_keeps_the_key() -> None:
    found = series(time_zone="Europe/Berlin")
    old = Cursor("2026-03-01T09:00", at(1, 9), at(1, 9))
    assert relocated(replace(found, cursor=old)) == Cursor("2026-03-01T09:00", at(1, 8), at(1, 8))
    assert relocated(replace(found, cursor=None)) is None


def test_an_occurrence_that_new_zone_data_leaves_out_gives_way_to_the_next() -> None:
    found = series(recurrence_rule="30 2 * * *", time_zone="Europe/Berlin", gap_policy="skip")
    gone = Cursor("2026-03-29T02:30", at(29, 1, 30), at(29, 1, 30))
    assert relocated(replace(found, cursor=gone)) == Cursor(
        "2026-03-30T02:30", at(30, 0, 30), at(30, 0, 30)
    )


def test_a_cursor_that_the_rule_does_not_name_has_no_way() -> None:
    odd = replace(series(), cursor=Cursor("2026-03-01T08:59", at(1, 8, 59), at(1, 8, 59)))
    assert steps(odd, at(3), GRACE) == ()


def test_a_schedule_is_what_decides_the_occurrences() -> None:
    assert Schedule.of(told()) == Schedule.of(told(title="other", version=9, lead_minutes=5))
    assert Schedule.of(told()) != Schedule.of(told(overlap_policy="both"))
