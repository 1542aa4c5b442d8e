"""The history of a task: who changed what, and when."""

from datetime import datetime
from enum import StrEnum

from pydantic import JsonValue

from todo_shared.models.base import ApiModel


class AuditAction(StrEnum):
    """What was done to a task."""

    CREATED = "created"
    GENERATED = "generated"
    UPDATED = "updated"
    COMPLETED = "completed"
    REOPENED = "reopened"
    DELETED = "deleted"


class AuditChange(ApiModel):
    """The values of one field before and after; null where there was or is none."""

    before: JsonValue
    after: JsonValue


class AuditEntry(ApiModel):
    """One change: it made this `version` of the task. `actor` is a user, or a service."""

    task_id: str
    version: int
    actor: str
    action: AuditAction
    changes: dict[str, AuditChange]
    at: datetime
    trace_id: str


class AuditPage(ApiModel):
    """One page of a history, oldest first; `next` is the `after` of the following page."""

    items: list[AuditEntry]
    next: str | None = None
