"""Public routes of reminders."""

from typing import Annotated, Final

from pydantic import Field

from gateway.routes.forwarding import MADE_BEFORE, Forwarded, PublicBody, Service
from todo_shared.models import PageQuery


class ReminderQuery(PageQuery):
    """Which reminders: all, or those of one task."""

    task_id: Annotated[str | None, Field(max_length=64)] = None


REMINDERS: Final = (
    Forwarded(
        "set_reminder",
        "POST",
        "/reminders",
        Service.SCHEDULER,
        "Set a reminder for a task, at a time or some minutes before it is due.",
        body=PublicBody,
        status=201,
        repeatable=True,
        keyed=True,
        responses=MADE_BEFORE,
    ),
    Forwarded(
        "list_reminders",
        "GET",
        "/reminders",
        Service.SCHEDULER,
        "List the caller's reminders, the earliest first.",
        query=ReminderQuery,
        repeatable=True,
    ),
    Forwarded(
        "get_reminder",
        "GET",
        "/reminders/{reminder_id}",
        Service.SCHEDULER,
        "Read one reminder.",
        repeatable=True,
    ),
    Forwarded(
        "cancel_reminder",
        "DELETE",
        "/reminders/{reminder_id}",
        Service.SCHEDULER,
        "Cancel a reminder that has not been triggered.",
        status=204,
    ),
)
