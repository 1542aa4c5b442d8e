"""A task is the same whatever order its events arrive in."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.consumers.task_events import change_of
from scheduler.models.reminder import CancelAll, CancelFollowing, Follow, plan
from scheduler.models.task import KnownTask, TaskChange, TaskState
from todo_shared.events.envelope import ReceivedEvent
from todo_shared.events.payloads import (
    EventData,
    ReminderCanceled,
    TaskChanges,
    TaskCompleted,
    TaskCreated,
    TaskDeleted,
    TaskUpdated,
)
from todo_shared.ids import uuid7

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DUE = NOW + timedelta(hours=1)
TASK = KnownTask("t", "ann")


def received(data: EventData, seq: int) -> ReceivedEvent[EventData]:
    return ReceivedEvent(uuid7(), "topic", "task-service", "ann", seq, NOW, "", "", data)


def updated(**changed: object) -> TaskUpdated:
    return TaskUpdated(
        task_id="t",
        user_id="ann",
        changed=TaskChanges.model_validate(changed),
        changed_fields=sorted(changed),
        updated_at=NOW,
        version=2,
    )


LIFE = [
    TaskCreated(task_id="t", user_id="ann", title="milk", due_date=DUE),
    updated(due_date=None),
    updated(title="bread", due_date=DUE + timedelta(hours=1)),
    TaskCompleted(task_id="t", user_id="ann", title="bread", completed_at=NOW),
    updated(status="pending"),
]


def test_every_order_of_a_life_gives_the_same_task() -> None:
    changes = [change_of(received(data, seq)) for seq, data in enumerate(LIFE, 1)]
    found: set[KnownTask] = set()
    for order in permutations(changes):
        task = TASK
        for change in (*order, order[0]):
            task = task.changed(change)
        found.add(task)
    assert found == {
        KnownTask("t", "ann", "bread", 4, DUE + timedelta(hours=1), 3, TaskState.OPEN, 5)
    }


_CHANGES = st.builds(
    TaskChange,
    seq=st.integers(1, 9),
    at=st.just(NOW),
    title=st.none() | st.sampled_from(["a", "b"]),
    sets_due=st.booleans(),
    due_date=st.none() | st.just(DUE),
    state=st.none() | st.sampled_from([TaskState.OPEN, TaskState.COMPLETED]),
)


@given(st.lists(_CHANGES, unique_by=lambda change: change.seq), st.randoms())
def test_order_and_repetition_do_not_matter(changes: list[TaskChange], random: object) -> None:
    expected = TASK
    for change in sorted(changes, key=lambda each: each.seq):
        expected = expected.changed(change)
    shuffled = [*changes, *changes]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    task = TASK
    for change in shuffled:
        task = task.changed(change)
    assert task == expected


def test_deleted_is_for_ever() -> None:
    gone = TASK.changed(
        change_of(received(TaskDeleted(task_id="t", user_id="ann", deleted_at=NOW), 2))
    )
    assert (
        gone.changed(change_of(received(updated(status="pending"), 3))).state is TaskState.DELETED
    )


def test_an_event_that_is_not_about_a_task_is_refused() -> None:
    data = ReminderCanceled(user_id="ann", task_id="t", reminder_id="r", reason="user_canceled")
    with pytest.raises(TypeError):
        change_of(received(data, 1))


def _planned(before: KnownTask, change: TaskChange) -> object:
    return plan(before, before.changed(change), NOW)


def test_what_becomes_of_reminders() -> None:
    set_due = TaskChange(1, NOW, sets_due=True, due_date=DUE, state=TaskState.OPEN)
    due = TASK.changed(set_due)
    done = due.changed(TaskChange(2, NOW, state=TaskState.COMPLETED))
    assert _planned(TASK, set_due) == Follow(DUE)
    assert _planned(TASK, TaskChange(1, NOW, sets_due=True)) is None
    assert _planned(due, TaskChange(2, NOW, title="x")) is None
    assert _planned(due, TaskChange(2, NOW, sets_due=True)) == CancelFollowing()
    assert _planned(due, TaskChange(2, NOW, state=TaskState.COMPLETED)) == CancelAll(
        "task_completed"
    )
    assert _planned(due, TaskChange(2, NOW, state=TaskState.DELETED)) == CancelAll("task_deleted")
    assert _planned(done, TaskChange(3, NOW, state=TaskState.OPEN)) == Follow(DUE, NOW)
    assert _planned(done, TaskChange(3, NOW, sets_due=True, due_date=DUE)) == (
        CancelAll("task_completed")
    )
