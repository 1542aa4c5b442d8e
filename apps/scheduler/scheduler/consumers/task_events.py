"""Events of tasks: reminders are stored, moved and canceled."""

from collections.abc import Sequence
from typing import Final, TypeVar

from fastapi import APIRouter

from scheduler.journal import Journal
from scheduler.metrics import REMINDERS
from scheduler.models.task import TaskChange, TaskState
from scheduler.repository.tasks import Effect, TaskRepository
from todo_shared.consumer import EventConsumer
from todo_shared.events.envelope import ReceivedEvent
from todo_shared.events.payloads import (
    TaskCompleted,
    TaskCreated,
    TaskDeleted,
    TaskEventData,
    TaskUpdated,
)
from todo_shared.models import TaskStatus

T = TypeVar("T", bound=TaskEventData)

_STATES: Final = {
    TaskStatus.PENDING.value: TaskState.OPEN,
    TaskStatus.COMPLETED.value: TaskState.COMPLETED,
}


def change_of(event: ReceivedEvent[T]) -> TaskChange:
    """What an event says of its task."""
    match event.data:
        case TaskCreated() as task:
            return TaskChange(
                event.seq,
                event.time,
                title=task.title,
                sets_due=True,
                due_date=task.due_date,
                state=TaskState.OPEN,
            )
        case TaskUpdated() as task:
            return _updated(event.seq, task)
        case TaskCompleted() as task:
            return TaskChange(
                event.seq, task.completed_at, title=task.title, state=TaskState.COMPLETED
            )
        case TaskDeleted() as task:
            return TaskChange(event.seq, task.deleted_at, state=TaskState.DELETED)
        case _:
            raise TypeError(f"{event.topic} says nothing of a task that reminders need")


def _updated(seq: int, task: TaskUpdated) -> TaskChange:
    fields = set(task.changed_fields)
    status = task.changed.status if "status" in fields else None
    return TaskChange(
        seq,
        task.updated_at,
        title=task.changed.title if "title" in fields else None,
        sets_due="due_date" in fields,
        due_date=task.changed.due_date if "due_date" in fields else None,
        state=_STATES.get(status) if status is not None else None,
    )


class TaskEvents:
    """The consumers of the four topics of tasks."""

    def __init__(self, repository: TaskRepository, journal: Journal) -> None:
        self._repository = repository
        self._journal = journal

    def mount(self, router: APIRouter) -> None:
        """Serve the subscriptions."""
        EventConsumer(TaskCreated, self._effect).mount(router, "/events/task-created")
        EventConsumer(TaskUpdated, self._effect).mount(router, "/events/task-updated")
        EventConsumer(TaskCompleted, self._effect).mount(router, "/events/task-completed")
        EventConsumer(TaskDeleted, self._effect).mount(router, "/events/task-deleted")

    async def _effect(self, events: Sequence[ReceivedEvent[T]]) -> int:
        fresh = 0
        # One transaction an event: locks are taken in one order only, so none waits for another.
        for event in events:
            effect = await self._repository.apply(event, event.data.task_id, change_of(event))
            self._tell(effect, event.data.task_id)
            fresh += effect.fresh
        return fresh

    def _tell(self, effect: Effect, task_id: str) -> None:
        for reminder in (*effect.stored, *effect.moved):
            self._journal.reminder_stored(reminder, task_id)
        for canceled in effect.canceled:
            self._journal.reminder_canceled(canceled)
        REMINDERS.labels("stored").inc(len(effect.stored))
        REMINDERS.labels("canceled").inc(len(effect.canceled))
