"""The opaque `after` of a page of reminders."""

import base64
import binascii
from datetime import datetime
from uuid import UUID

from scheduler.models.reminder import Reminder
from scheduler.repository.reminders import Position
from todo_shared.errors import InvalidError


def after_reminder(reminder: Reminder) -> str:
    """The `after` that continues behind `reminder`."""
    text = f"{reminder.trigger_time.isoformat()}|{reminder.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position_of(after: str) -> Position:
    """Where `after` points to; raises InvalidError when it was not made by `after_reminder`."""
    try:
        padded = after + "=" * (-len(after) % 4)
        moment, _, reminder_id = base64.urlsafe_b64decode(padded).decode().partition("|")
        position = Position(datetime.fromisoformat(moment), UUID(reminder_id))
    except (ValueError, binascii.Error) as error:
        raise InvalidError("`after` must be the `next` of an earlier page") from error
    if position.trigger_time.tzinfo is None:
        raise InvalidError("`after` must be the `next` of an earlier page")
    return position
