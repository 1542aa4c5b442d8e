"""What events say, and that knowing more of them in another order is knowing the same."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.consumers.telling import Told, told
from analytics.models.counts import Measure, Occurrence, counted
from analytics.models.series import SeriesFact, newest_by_series
from analytics.models.task import TaskFact, joined_by_task
from todo_shared.events.envelope import ReceivedEvent
from todo_shared.events.payloads import (
    EventData,
    RecurringTaskUpdated,
    ReminderCanceled,
    ReminderTriggered,
    TaskChanges,
    TaskCompleted,
    TaskCreated,
    TaskDeleted,
    TaskUpdated,
    UserAuthenticated,
    UserRegistered,
)
from todo_shared.ids import uuid7

NOW = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
TASK = {"task_id": "t", "user_id": "ann"}


def received(data: EventData, seq: int = 5) -> ReceivedEvent[EventData]:
    return ReceivedEvent(uuid7(), "topic", "a-service", "ann", seq, NOW, "", "", data)


def updated(status: str | None, *fields: str) -> TaskUpdated:
    changed = TaskChanges(status=status)
    return TaskUpdated(
        **TASK, changed=changed, changed_fields=list(fields), updated_at=LATER, version=2
    )


def series(**state: bool) -> RecurringTaskUpdated:
    return RecurringTaskUpdated(
        user_id="ann",
        recurring_task_id="s",
        title="s",
        recurrence_rule="FREQ=DAILY",
        rule_kind="rrule",
        time_zone="UTC",
        starts_at="2030-01-01T09:00",
        gap_policy="",
        overlap_policy="",
        short_month_policy="",
        catch_up_policy="",
        lead_minutes=0,
        version=3,
        **state,
    )


@pytest.mark.parametrize(
    ("data", "fact", "measure", "day"),
    [
        (
            TaskCreated(**TASK, title="x"),
            TaskFact("t", "ann", created_at=NOW),
            Measure.TASKS_CREATED,
            date(2026, 3, 1),
        ),
        (
            TaskCompleted(**TASK, title="x", completed_at=LATER),
            TaskFact("t", "ann", completed_at=LATER, completion_seq=5),
            Measure.TASKS_COMPLETED,
            date(2026, 3, 2),
        ),
        (
            TaskDeleted(**TASK, deleted_at=LATER),
            TaskFact("t", "ann", deleted_at=LATER),
            Measure.TASKS_DELETED,
            date(2026, 3, 2),
        ),
        (
            ReminderTriggered(
                **TASK,
                reminder_id="r",
                notification_channel="email",
                trigger_time=NOW,
                fired_at=LATER,
            ),
            None,
            Measure.REMINDERS_TRIGGERED,
            date(2026, 3, 2),
        ),
        (
            ReminderCanceled(**TASK, reminder_id="r", reason="user_canceled"),
            None,
            Measure.REMINDERS_CANCELED,
            date(2026, 3, 1),
        ),
        (
            UserRegistered(user_id="ann", registered_at=LATER),
            None,
            Measure.REGISTRATIONS,
            date(2026, 3, 2),
        ),
        (
            UserAuthenticated(user_id="ann", authenticated_at=NOW),
            None,
            Measure.LOGINS,
            date(2026, 3, 1),
        ),
    ],
)
def test_an_event_counts_on_the_day_on_which_it_happened(
    data: EventData, fact: TaskFact | None, measure: Measure, day: date
) -> None:
    assert told(received(data)) == Told(task=fact, occurrence=Occurrence("ann", day, measure))


@pytest.mark.parametrize(
    ("data", "fact"),
    [
        (updated("pending", "status"), TaskFact("t", "ann", completion_seq=5)),
        (
            updated("completed", "status", "title"),
            TaskFact("t", "ann", completed_at=LATER, completion_seq=5),
        ),
        (updated(None, "title"), TaskFact("t", "ann")),
        (updated("completed", "title"), TaskFact("t", "ann")),
    ],
)
def test_a_change_says_something_only_of_the_fields_it_names(
    data: TaskUpdated, fact: TaskFact
) -> None:
    assert told(received(data)) == Told(task=fact)


@pytest.mark.parametrize(
    ("active", "deleted", "expected"),
    [(True, False, True), (False, False, False), (True, True, False)],
)
def test_a_series_is_active_until_it_is_paused_or_deleted(
    active: bool, deleted: bool, expected: bool
) -> None:
    fact = SeriesFact("s", "ann", 3, expected)
    assert told(received(series(active=active, deleted=deleted))) == Told(series=fact)


def test_an_event_that_nobody_has_thought_of_is_not_passed_over() -> None:
    with pytest.raises(TypeError, match="nobody has said"):
        told(received(EventData(user_id="ann")))


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 9), timezones=st.just(UTC))
# A sequence number belongs to one event, so it says when that completed the task.
completions = st.integers(0, 6).map(
    lambda seq: (seq, NOW + timedelta(hours=seq) if seq % 3 else None)
)
facts = st.builds(
    lambda task, created, completion, deleted: TaskFact(
        task, "ann", created, completion[1], completion[0], deleted
    ),
    st.sampled_from(["one", "two"]),
    st.none() | moments,
    completions,
    st.none() | moments,
)


@given(st.lists(facts, max_size=8), st.data())
def test_facts_join_to_the_same_in_any_order_grouping_and_repetition(
    known: list[TaskFact], data: st.DataObject
) -> None:
    whole = joined_by_task(known)
    again = data.draw(st.permutations(known + known[::2]))
    cut = data.draw(st.integers(0, len(again)))
    parts = joined_by_task(again[:cut]) + joined_by_task(again[cut:])
    assert joined_by_task(parts) == whole
    assert [fact.task_id for fact in whole] == sorted({fact.task_id for fact in known})


@given(
    st.lists(
        st.builds(
            lambda v, n: SeriesFact(n, "ann", v, v % 2 == 0),
            st.integers(1, 9),
            st.sampled_from("ab"),
        )
    )
)
def test_the_highest_version_of_a_series_holds(known: list[SeriesFact]) -> None:
    newest = {fact.series_id: fact.version for fact in newest_by_series(known)}
    for fact in known:
        assert newest[fact.series_id] >= fact.version
    assert newest_by_series(reversed(known)) == newest_by_series(known)


def test_things_are_counted_by_user_and_day_in_order() -> None:
    one, two = date(2026, 1, 1), date(2026, 1, 2)
    login, created = Measure.LOGINS, Measure.TASKS_CREATED
    found = counted(
        [
            Occurrence("bob", one, login),
            Occurrence("ann", two, login),
            Occurrence("ann", one, login),
            Occurrence("ann", one, created),
            Occurrence("ann", one, login),
        ]
    )
    assert list(found) == [("ann", one), ("ann", two), ("bob", one)]
    assert found["ann", one] == {login: 2, created: 1}
