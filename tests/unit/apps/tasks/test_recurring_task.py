"""The life of a recurring task: what moves its next instance, and what does not."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))  # test-only modules of this folder

from task_examples import START, new_template

from tasks.errors import InactiveError, StaleVersionError
from tasks.models.recurring_task import RecurringTask
from todo_shared.errors import ConflictError, InvalidError
from todo_shared.models import InstanceCreate, RecurringTaskUpdate
from todo_shared.recurrence import RecurrenceError

# START is a Tuesday; the first Monday after it, at nine in Berlin.
MONDAY = datetime(2030, 1, 7, 8, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def _edited(template: RecurringTask, now: datetime = START, **fields: object) -> RecurringTask:
    return template.edit(RecurringTaskUpdate.model_validate(fields), now)


def _moved_on(template: RecurringTask) -> RecurringTask:
    """As it is after its first instance was made."""
    assert template.next_generation_time is not None
    following = template.next_generation_time + WEEK
    return RecurringTask(**{**_fields(template), "next_generation_time": following})


def _fields(template: RecurringTask) -> dict[str, Any]:
    return {name: getattr(template, name) for name in RecurringTask.__dataclass_fields__}


def test_the_first_instance_is_the_first_date_still_to_come() -> None:
    assert new_template().next_generation_time == MONDAY
    assert new_template(starts_at="2020-01-01T09:00").next_generation_time == MONDAY
    late = new_template(starts_at="2030-02-01T00:00").next_generation_time
    assert late == datetime(2030, 2, 4, 8, tzinfo=UTC)


def test_an_instance_is_made_so_long_before_it_is_due() -> None:
    template = new_template(lead_minutes=90)
    assert template.next_generation_time == MONDAY - timedelta(minutes=90)


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "feed"},
        {"description": "the cat"},
        {"catch_up_policy": "latest"},
        {"title": "feed", "catch_up_policy": "none"},
    ],
    ids=str,
)
def test_what_does_not_concern_the_schedule_does_not_move_it(fields: dict[str, object]) -> None:
    template = _moved_on(new_template())
    edited = _edited(template, MONDAY + timedelta(hours=1), **fields)
    assert edited.next_generation_time == template.next_generation_time
    assert edited.version == template.version + 1
    assert all(getattr(edited, name) == value for name, value in fields.items())


@pytest.mark.parametrize(
    ("fields", "first"),
    [
        ({"recurrence_rule": "0 10 * * MON"}, MONDAY + timedelta(hours=1)),
        ({"recurrence_rule": "FREQ=WEEKLY;BYDAY=MO", "starts_at": "2030-01-01T09:00"}, MONDAY),
        ({"time_zone": "UTC"}, MONDAY + timedelta(hours=1)),
        ({"starts_at": "2030-01-08T00:00"}, MONDAY + WEEK),
        ({"overlap_policy": "both"}, MONDAY),
    ],
    ids=str,
)
def test_another_schedule_begins_with_its_first_date_to_come(
    fields: dict[str, object], first: datetime
) -> None:
    template = _moved_on(_moved_on(new_template()))
    edited = _edited(template, START, **fields)
    assert edited.next_generation_time == first


def test_the_kind_follows_the_rule_unless_it_is_given() -> None:
    template = new_template()
    monthly = _edited(template, recurrence_rule="FREQ=MONTHLY", starts_at="2030-01-31T09:00")
    assert (template.rule_kind, monthly.rule_kind) == ("cron", "rrule")
    assert monthly.schedule == "every month on the 31st at 09:00, Europe/Berlin"
    with pytest.raises(RecurrenceError):
        _edited(template, recurrence_rule="FREQ=MONTHLY", rule_kind="cron")
    assert _edited(template, rule_kind=None) is template


def test_another_lead_moves_the_pending_instance_and_not_the_date() -> None:
    template = _moved_on(new_template(lead_minutes=60))
    shorter = _edited(template, MONDAY, lead_minutes=0)
    longer = _edited(template, MONDAY, lead_minutes=120)
    assert shorter.next_generation_time == MONDAY + WEEK
    assert longer.next_generation_time == MONDAY + WEEK - timedelta(hours=2)


def test_a_pause_holds_everything_and_its_end_passes_over_what_was_missed() -> None:
    paused = _edited(new_template(), active=False)
    retitled = _edited(paused, title="feed", lead_minutes=5)
    resumed = _edited(retitled, START + 3 * WEEK, active=True)
    assert (paused.next_generation_time, retitled.next_generation_time) == (None, None)
    assert resumed.next_generation_time == MONDAY + 3 * WEEK - timedelta(minutes=5)
    rescheduled = _edited(paused, recurrence_rule="0 9 * * TUE")
    assert rescheduled.next_generation_time is None
    assert rescheduled.schedule == "every Tuesday at 09:00, Europe/Berlin"


def test_a_rule_that_has_ended_is_refused_but_may_be_kept() -> None:
    with pytest.raises(InvalidError, match="has ended"):
        new_template(recurrence_rule="FREQ=DAILY;COUNT=3", starts_at="2029-01-01T09:00")
    twice = new_template(recurrence_rule="FREQ=DAILY;COUNT=2", starts_at="2030-01-01T09:00")
    paused = _edited(twice, active=False)
    resumed = _edited(paused, START + WEEK, active=True)
    assert (resumed.active, resumed.next_generation_time) == (True, None)
    assert _edited(resumed, START + WEEK, lead_minutes=9).next_generation_time is None


def test_without_a_difference_it_stays_as_it_is() -> None:
    template = new_template()
    assert _edited(template, title="water", active=True, lead_minutes=0) is template


def test_a_deleted_one_takes_no_further_step() -> None:
    gone = new_template().delete(START + WEEK)
    assert (gone.active, gone.next_generation_time, gone.version) == (False, None, 2)
    assert gone.deleted_at == gone.updated_at == START + WEEK
    for step in (lambda: gone.delete(START), lambda: _edited(gone, title="x")):
        with pytest.raises(ConflictError, match="deleted"):
            step()
    assert isinstance(gone.refusal(2), InactiveError)


def test_a_clock_that_is_behind_does_not_turn_time_back() -> None:
    later = _edited(new_template(), START + WEEK, title="feed")
    assert _edited(later, START, title="x").updated_at == START + WEEK


def test_who_knows_another_version_makes_no_instance() -> None:
    template = new_template()
    assert template.refusal(1) is None
    assert isinstance(template.refusal(2), StaleVersionError)
    assert isinstance(_edited(template, active=False).refusal(2), InactiveError)


@given(st.integers(0, 3000))
def test_every_occurrence_has_its_own_task_and_always_the_same(hours: int) -> None:
    template = new_template(recurrence_rule="0 * * * *", time_zone="UTC")
    occurrence = template.recurrence().after(START + timedelta(hours=hours))
    assert occurrence is not None
    body = {
        "occurrence_key": occurrence.key,
        "instance_date": occurrence.instance_date,
        "due_date": occurrence.instant,
        "version": 1,
    }
    wanted = InstanceCreate.model_validate(body)
    task = template.instance(wanted, START)
    again = _edited(template, title="feed").instance(wanted, START + WEEK)
    other_key = template.recurrence().after(occurrence.instant)
    assert other_key is not None
    other = template.instance(wanted.model_copy(update={"occurrence_key": other_key.key}), START)
    assert task.id == again.id != other.id
    assert (task.due_date, task.instance_date) == (occurrence.instant, occurrence.instance_date)
