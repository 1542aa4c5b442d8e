"""The opaque `after` of a page: what the list is sorted by, and the last row that was shown."""

import base64
import binascii
from datetime import datetime
from uuid import UUID

from tasks.models.recurring_task import RecurringTask
from tasks.models.task import Task
from tasks.repository.position import Position
from todo_shared.errors import InvalidError
from todo_shared.models import TaskSort


def after_row(row: Task | RecurringTask, sort: TaskSort = TaskSort.CREATED) -> str:
    """The `after` that continues behind `row`."""
    moment = row.created_at
    if isinstance(row, Task) and sort is TaskSort.DUE:
        moment = row.due_date
    text = f"{sort}|{moment.isoformat() if moment else ''}|{row.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position_of(after: str | None, sort: TaskSort = TaskSort.CREATED) -> Position | None:
    """Where `after` points to; raises InvalidError when it was not made for this order."""
    if after is None:
        return None
    try:
        padded = after + "=" * (-len(after) % 4)
        order, moment, row_id = base64.urlsafe_b64decode(padded).decode().split("|")
        position = Position(datetime.fromisoformat(moment) if moment else None, UUID(row_id))
    except (ValueError, binascii.Error) as error:
        raise _invalid() from error
    complete = position.moment is not None or sort is TaskSort.DUE
    aware = position.moment is None or position.moment.tzinfo is not None
    if order != sort or not complete or not aware:
        raise _invalid()
    return position


def _invalid() -> InvalidError:
    return InvalidError("`after` must be the `next` of an earlier page of the same list")
