"""The life of a task, step by step in any order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tasks.models.task import Task
from todo_shared.errors import ConflictError
from todo_shared.models import TaskStatus

START = datetime(2030, 1, 1, tzinfo=UTC)


def new_task() -> Task:
    """A task as it is created."""
    return Task(
        id="t",
        user_id="ann",
        title="milk",
        description=None,
        status=TaskStatus.PENDING,
        due_date=None,
        created_at=START,
        updated_at=START,
        completed_at=None,
        deleted_at=None,
        version=1,
    )


def test_completing_sets_state_time_and_version() -> None:
    done = new_task().complete(START + timedelta(hours=1))
    assert (done.status, done.version) == (TaskStatus.COMPLETED, 2)
    assert done.completed_at == done.updated_at == START + timedelta(hours=1)


def test_completing_again_is_the_same_task() -> None:
    done = new_task().complete(START)
    assert done.complete(START + timedelta(hours=1)) is done


def test_a_deleted_task_takes_no_further_step() -> None:
    gone = new_task().delete(START)
    with pytest.raises(ConflictError, match="deleted"):
        gone.complete(START)
    with pytest.raises(ConflictError, match="deleted"):
        gone.delete(START)


class Life(RuleBasedStateMachine):
    """Any sequence of steps keeps the task consistent."""

    @initialize()
    def create(self) -> None:
        self.task = new_task()
        self.now = START
        self.changes = 0

    def _step(self, change: str) -> None:
        self.now += timedelta(minutes=1)
        before = self.task
        try:
            self.task = getattr(before, change)(self.now)
        except ConflictError:
            assert before.deleted_at is not None
        self.changes += self.task is not before

    @rule()
    def complete(self) -> None:
        self._step("complete")

    @rule()
    def delete(self) -> None:
        self._step("delete")

    @invariant()
    def the_version_counts_the_changes(self) -> None:
        assert self.task.version == 1 + self.changes

    @invariant()
    def a_time_of_completion_means_completed(self) -> None:
        assert self.task.done == (self.task.completed_at is not None)

    @invariant()
    def times_never_go_back(self) -> None:
        assert self.task.created_at <= self.task.updated_at <= self.now


TestLife = Life.TestCase
