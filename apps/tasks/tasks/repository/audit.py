"""The history of tasks: a row a version, written by the statement that makes the version."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic_core import from_json, to_json
from sqlalchemy import Row

from tasks.models.audit import AuditRecord
from todo_shared.models import AuditAction, AuditChange, AuditEntry

# Beside a change of `tasks` that binds :id, :version and :updated_at.
RECORD: Final = """
    INSERT INTO task_audit (task_id, version, user_id, actor, action, changes, at, trace_id)
    SELECT :id, :version, user_id, :audit_actor, :audit_action, CAST(:audit_changes AS jsonb),
           :updated_at, :audit_trace_id
    FROM changed
"""


def audit_values(record: AuditRecord) -> Mapping[str, Any]:
    """What RECORD binds beside the columns of the task."""
    return {
        "audit_actor": record.actor,
        "audit_action": record.action.value,
        "audit_changes": to_json(record.changes).decode(),
        "audit_trace_id": record.trace_id,
    }


def entry_of(row: Row[Any]) -> AuditEntry:
    """A row of `task_audit`, its changes selected as text, as the API shows it."""
    changes: dict[str, Any] = from_json(row.changes)
    return AuditEntry(
        task_id=str(row.task_id),
        version=row.version,
        actor=row.actor,
        action=AuditAction(row.action),
        changes={name: AuditChange.model_validate(value) for name, value in changes.items()},
        at=row.at,
        trace_id=row.trace_id,
    )
