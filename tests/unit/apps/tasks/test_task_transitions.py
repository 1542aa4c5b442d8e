"""The life of a task: each step in each state, and steps in any order."""

import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

sys.path.insert(0, str(Path(__file__).parent))  # test-only modules of this folder

from task_examples import START, new_task

from tasks.models.task import EDITABLE, Task, changed_fields
from todo_shared.errors import ConflictError
from todo_shared.models import TaskStatus, TaskUpdate

HOUR = timedelta(hours=1)
RETITLE, REOPEN, FINISH = ({"title": "bread"}, {"status": "pending"}, {"status": "completed"})


def _step(task: Task, step: str, now: datetime, body: dict[str, object] | None = None) -> Task:
    if body is not None:
        return task.edit(TaskUpdate.model_validate(body), now)
    return task.complete(now) if step == "complete" else task.delete(now)


PENDING = new_task()
DONE = PENDING.complete(START + HOUR)
GONE = PENDING.delete(START + HOUR)
# state, step, body -> what becomes of the task; None: nothing, ConflictError: refused.
TABLE = [
    (PENDING, "complete", None, (TaskStatus.COMPLETED, True)),
    (PENDING, "delete", None, (TaskStatus.PENDING, False)),
    (PENDING, "edit", RETITLE, (TaskStatus.PENDING, False)),
    (PENDING, "edit", FINISH, (TaskStatus.COMPLETED, True)),
    (PENDING, "edit", REOPEN, None),
    (PENDING, "edit", {"title": "milk", "description": None}, None),
    (DONE, "complete", None, None),
    (DONE, "delete", None, (TaskStatus.COMPLETED, True)),
    (DONE, "edit", RETITLE, (TaskStatus.COMPLETED, True)),
    (DONE, "edit", FINISH, None),
    (DONE, "edit", REOPEN, (TaskStatus.PENDING, False)),
    (DONE, "edit", {**RETITLE, **REOPEN}, (TaskStatus.PENDING, False)),
    (GONE, "complete", None, ConflictError),
    (GONE, "delete", None, ConflictError),
    (GONE, "edit", RETITLE, ConflictError),
    (GONE, "edit", REOPEN, ConflictError),
]


@pytest.mark.parametrize(("before", "step", "body", "wanted"), TABLE)
def test_each_step_in_each_state(
    before: Task, step: str, body: dict[str, object] | None, wanted: object
) -> None:
    now = START + 2 * HOUR
    if wanted is ConflictError:
        with pytest.raises(ConflictError, match="deleted"):
            _step(before, step, now, body)
        return
    after = _step(before, step, now, body)
    if wanted is None:
        assert after is before
        return
    assert (after.status, after.completed_at is not None) == wanted
    assert (after.version, after.updated_at) == (before.version + 1, now)
    assert (after.deleted_at == now) == (step == "delete")


def test_completing_again_after_a_reopening_takes_the_new_time() -> None:
    again = DONE.edit(TaskUpdate.model_validate(REOPEN), START + HOUR).complete(START + 3 * HOUR)
    assert (again.completed_at, again.version) == (START + 3 * HOUR, 4)


def test_a_clock_that_is_behind_does_not_turn_time_back() -> None:
    assert DONE.delete(START).updated_at == DONE.updated_at


class Life(RuleBasedStateMachine):
    """Any sequence of steps keeps the task consistent."""

    @initialize()
    def create(self) -> None:
        self.task = new_task()
        self.now = START
        self.changes = 0

    def _take(self, step: str, body: dict[str, object] | None = None) -> None:
        self.now += timedelta(minutes=1)
        before = self.task
        try:
            self.task = _step(before, step, self.now, body)
        except ConflictError:
            assert before.deleted_at is not None
        self.changes += self.task is not before
        assert (self.task is not before) == (
            bool(changed_fields(before, self.task)) or before.deleted_at != self.task.deleted_at
        )

    @rule()
    def complete(self) -> None:
        self._take("complete")

    @rule()
    def delete(self) -> None:
        self._take("delete")

    @rule(
        body=st.dictionaries(st.sampled_from(EDITABLE), st.just(None), min_size=1).flatmap(
            lambda chosen: st.fixed_dictionaries(
                {
                    name: {
                        "title": st.sampled_from(["milk", "bread"]),
                        "description": st.sampled_from([None, "two litres"]),
                        "due_date": st.sampled_from([None, START + timedelta(days=1)]),
                        "status": st.sampled_from(["pending", "completed"]),
                    }[name]
                    for name in chosen
                }
            )
        )
    )
    def edit(self, body: dict[str, object]) -> None:
        self._take("edit", body)
        if self.task.deleted_at is None:
            assert all(getattr(self.task, name) == value for name, value in body.items())

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
