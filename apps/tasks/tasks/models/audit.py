"""The record that each change of a task leaves behind."""

from dataclasses import dataclass
from typing import Any, Final

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from tasks.models.task import EDITABLE, Task, changed_fields
from todo_shared.models import AuditAction, AuditChange
from todo_shared.telemetry.context import current

_DELETION: Final = "deleted_at"


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """Who made the next version of a task, by what, and from which values to which."""

    actor: str
    action: AuditAction
    changes: dict[str, AuditChange]
    trace_id: str


def record_of_creation(task: Task, actor: str) -> AuditRecord:
    """The record of a new task: made by its user, or generated from its recurring task."""
    action = AuditAction.CREATED if task.recurring_task_id is None else AuditAction.GENERATED
    changes = {
        name: AuditChange(before=None, after=_json(getattr(task, name)))
        for name in EDITABLE
        if getattr(task, name) is not None
    }
    return AuditRecord(actor, action, changes, current().trace_id)


def record_of_change(before: Task, after: Task, actor: str) -> AuditRecord:
    """The record of the step from one version to the next."""
    names = changed_fields(before, after)
    if after.deleted_at is not None:
        action = AuditAction.DELETED
        names.append(_DELETION)
    elif before.done == after.done:
        action = AuditAction.UPDATED
    else:
        action = AuditAction.COMPLETED if after.done else AuditAction.REOPENED
    changes = {
        name: AuditChange(before=_json(getattr(before, name)), after=_json(getattr(after, name)))
        for name in names
    }
    return AuditRecord(actor, action, changes, current().trace_id)


def _json(value: Any) -> JsonValue:
    return to_jsonable_python(value)
