"""Tasks and recurring tasks that tests begin with."""

from datetime import UTC, datetime

from tasks.models.recurring_task import RecurringTask
from tasks.models.task import Task
from todo_shared.models import RecurringTaskCreate, TaskStatus

START = datetime(2030, 1, 1, tzinfo=UTC)


def new_task() -> Task:
    """A task as it is created."""
    return Task(
        id="0190b6f8-0000-7000-8000-000000000001",
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


def new_template(now: datetime = START, **fields: object) -> RecurringTask:
    """A recurring task as it is created: each Monday at nine in Berlin."""
    body = {"title": "water", "recurrence_rule": "0 9 * * MON", "time_zone": "Europe/Berlin"}
    wanted = RecurringTaskCreate.model_validate({**body, **fields})
    return RecurringTask.create("0190b6f8-0000-7000-8000-000000000002", "ann", wanted, now)
