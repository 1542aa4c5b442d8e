"""A task as a row, and back."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from tasks.models.task import Task
from todo_shared.models import TaskStatus

COLUMNS: Final = (
    "id, user_id, title, description, status, due_date, created_at, updated_at, completed_at, "
    "deleted_at, version, recurring_task_id, instance_date, occurrence_key"
)


def task_values(task: Task) -> dict[str, Any]:
    """What statements bind for a task, by column."""
    return {
        "id": UUID(task.id),
        "user_id": task.user_id,
        "title": task.title,
        "description": task.description,
        "status": task.status.value,
        "due_date": task.due_date,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "completed_at": task.completed_at,
        "deleted_at": task.deleted_at,
        "version": task.version,
        "recurring_task_id": UUID(task.recurring_task_id) if task.recurring_task_id else None,
        "instance_date": task.instance_date,
        "occurrence_key": task.occurrence_key,
    }


def task_of(row: Row[Any]) -> Task:
    """The task that a row of COLUMNS holds."""
    return Task(
        id=str(row.id),
        user_id=row.user_id,
        title=row.title,
        description=row.description,
        status=TaskStatus(row.status),
        due_date=row.due_date,
        created_at=row.created_at,
        updated_at=row.updated_at,
        completed_at=row.completed_at,
        deleted_at=row.deleted_at,
        version=row.version,
        recurring_task_id=str(row.recurring_task_id) if row.recurring_task_id else None,
        instance_date=row.instance_date,
        occurrence_key=row.occurrence_key,
    )
