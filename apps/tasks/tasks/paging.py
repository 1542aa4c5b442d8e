"""The opaque `after` of a page of tasks."""

import base64
import binascii
from datetime import datetime
from uuid import UUID

from tasks.models.task import Task
from tasks.repository import Position
from todo_shared.errors import InvalidError


def after_task(task: Task) -> str:
    """The `after` that continues behind `task`."""
    text = f"{task.created_at.isoformat()}|{task.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position_of(after: str) -> Position:
    """Where `after` points to; raises InvalidError when it was not made by `after_task`."""
    try:
        padded = after + "=" * (-len(after) % 4)
        moment, _, task_id = base64.urlsafe_b64decode(padded).decode().partition("|")
        position = Position(datetime.fromisoformat(moment), UUID(task_id))
    except (ValueError, binascii.Error) as error:
        raise InvalidError("`after` must be the `next` of an earlier page") from error
    if position.created_at.tzinfo is None:
        raise InvalidError("`after` must be the `next` of an earlier page")
    return position
