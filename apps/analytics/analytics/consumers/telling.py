"""What an event says: a fact about a task or a series, and something to count."""

from dataclasses import dataclass
from datetime import UTC, datetime

from analytics.models.counts import Measure, Occurrence
from analytics.models.series import SeriesFact
from analytics.models.task import TaskFact
from todo_shared.events.envelope import D, ReceivedEvent
from todo_shared.events.payloads import (
    RecurringTaskState,
    ReminderCanceled,
    ReminderTriggered,
    TaskCompleted,
    TaskCreated,
    TaskDeleted,
    TaskUpdated,
    UserAuthenticated,
    UserRegistered,
)
from todo_shared.models import TaskStatus


@dataclass(frozen=True, slots=True)
class Told:
    """What one event adds to the projections."""

    task: TaskFact | None = None
    series: SeriesFact | None = None
    occurrence: Occurrence | None = None


def told(event: ReceivedEvent[D]) -> Told:
    """What `event` says. It depends on nothing but the event, whatever was told before."""
    match event.data:
        case TaskCreated() as data:
            fact = TaskFact(data.task_id, data.user_id, created_at=event.time)
            return Told(fact, occurrence=_at(event.time, data.user_id, Measure.TASKS_CREATED))
        case TaskUpdated() as data:
            return Told(_updated(event.seq, data))
        case TaskCompleted() as data:
            fact = TaskFact(
                data.task_id,
                data.user_id,
                completed_at=data.completed_at,
                completion_seq=event.seq,
            )
            count = _at(data.completed_at, data.user_id, Measure.TASKS_COMPLETED)
            return Told(fact, occurrence=count)
        case TaskDeleted() as data:
            fact = TaskFact(data.task_id, data.user_id, deleted_at=data.deleted_at)
            return Told(fact, occurrence=_at(data.deleted_at, data.user_id, Measure.TASKS_DELETED))
        case RecurringTaskState() as data:
            active = data.active and not data.deleted
            return Told(
                series=SeriesFact(data.recurring_task_id, data.user_id, data.version, active)
            )
        case _:
            return Told(occurrence=_counted_only(event))


def _counted_only(event: ReceivedEvent[D]) -> Occurrence:
    user = event.data.user_id
    match event.data:
        case ReminderTriggered() as data:
            return _at(data.fired_at, user, Measure.REMINDERS_TRIGGERED)
        case ReminderCanceled():
            return _at(event.time, user, Measure.REMINDERS_CANCELED)
        case UserRegistered() as data:
            return _at(data.registered_at, user, Measure.REGISTRATIONS)
        case UserAuthenticated() as data:
            return _at(data.authenticated_at, user, Measure.LOGINS)
        case _:
            raise TypeError(f"nobody has said what {event.topic} means here")


def _updated(seq: int, data: TaskUpdated) -> TaskFact:
    if "status" not in data.changed_fields:
        return TaskFact(data.task_id, data.user_id)
    completed = data.changed.status == TaskStatus.COMPLETED
    return TaskFact(
        data.task_id,
        data.user_id,
        completed_at=data.updated_at if completed else None,
        completion_seq=seq,
    )


def _at(moment: datetime, user_id: str, measure: Measure) -> Occurrence:
    return Occurrence(user_id, moment.astimezone(UTC).date(), measure)
