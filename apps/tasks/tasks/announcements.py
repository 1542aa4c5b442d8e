"""The events that tell others what became of a task or a recurring task.

The id of an event follows from its cause, so a repeated attempt announces the same event.
"""

from tasks.models.recurring_task import RecurringTask
from tasks.models.task import Task, changed_fields
from todo_shared.events.envelope import NewEvent, new_event
from todo_shared.events.payloads import (
    RecurringTaskCreated,
    RecurringTaskState,
    RecurringTaskUpdated,
    TaskChanges,
    TaskCompleted,
    TaskCreated,
    TaskDeleted,
    TaskEventData,
    TaskUpdated,
)
from todo_shared.ids import derived


def created(task: Task, series_version: int | None = None) -> NewEvent:
    """A task exists; of an instance also the version of its recurring task."""
    data = TaskCreated(
        task_id=task.id,
        user_id=task.user_id,
        title=task.title,
        description=task.description,
        due_date=task.due_date,
        recurring_task_id=task.recurring_task_id,
        instance_date=task.instance_date,
        series_version=series_version,
    )
    return new_event(derived("task.created", task.id), data, task.created_at)


def completed(_: Task, after: Task) -> list[NewEvent]:
    """A task is done."""
    data = TaskCompleted(
        task_id=after.id, user_id=after.user_id, title=after.title, completed_at=after.updated_at
    )
    return [_of_version("task.completed", after, data)]


def deleted(_: Task, after: Task) -> list[NewEvent]:
    """A task was removed."""
    data = TaskDeleted(task_id=after.id, user_id=after.user_id, deleted_at=after.updated_at)
    return [_of_version("task.deleted", after, data)]


def updated(before: Task, after: Task) -> list[NewEvent]:
    """Fields of a task have new values; who waits for completions hears of those as well."""
    names = changed_fields(before, after)
    data = TaskUpdated(
        task_id=after.id,
        user_id=after.user_id,
        changed=TaskChanges.model_validate({name: getattr(after, name) for name in names}),
        changed_fields=names,
        updated_at=after.updated_at,
        version=after.version,
    )
    events = [_of_version("task.updated", after, data)]
    return events + completed(before, after) if after.done and not before.done else events


def recurring_created(template: RecurringTask) -> NewEvent:
    """A recurring task exists."""
    return _of_template(template, RecurringTaskCreated, "recurring-task.created")


def recurring_updated(template: RecurringTask) -> NewEvent:
    """A recurring task was changed, paused, resumed or deleted."""
    return _of_template(template, RecurringTaskUpdated, "recurring-task.updated")


def _of_version(topic: str, task: Task, data: TaskEventData) -> NewEvent:
    return new_event(derived(topic, task.id, str(task.version)), data, task.updated_at)


def _of_template(
    template: RecurringTask, payload: type[RecurringTaskState], topic: str
) -> NewEvent:
    recurrence = template.recurrence()
    data = payload(
        recurring_task_id=template.id,
        user_id=template.user_id,
        title=template.title,
        description=template.description,
        recurrence_rule=template.recurrence_rule,
        rule_kind=template.rule_kind.value,
        time_zone=template.time_zone,
        starts_at=template.starts_at.isoformat(timespec="minutes"),
        gap_policy=recurrence.gap.value,
        overlap_policy=recurrence.overlap.value,
        short_month_policy=template.short_month_policy.value,
        catch_up_policy=template.catch_up_policy.value,
        lead_minutes=template.lead_minutes,
        next_generation_time=template.next_generation_time,
        active=template.active,
        version=template.version,
        deleted=template.deleted_at is not None,
    )
    cause = derived(topic, template.id, str(template.version))
    return new_event(cause, data, template.updated_at)
