"""Public routes of recurring tasks; an edit changes only what was not yet generated."""

from typing import Annotated, Final

from pydantic import Field

from gateway.routes.forwarding import MADE_BEFORE, Forwarded, Service
from todo_shared.models import (
    ApiModel,
    RecurringTaskCreate,
    RecurringTaskPage,
    RecurringTaskPreview,
    RecurringTaskQuery,
    RecurringTaskResponse,
    RecurringTaskUpdate,
)

_ONE: Final = "/recurring-tasks/{recurring_task_id}"


class PreviewQuery(ApiModel):
    """How many dates."""

    n: Annotated[int, Field(ge=1, le=50)] = 3


RECURRING_TASKS: Final = (
    Forwarded(
        "create_recurring_task",
        "POST",
        "/recurring-tasks",
        Service.TASKS,
        "Create a recurring task from a cron rule or an RRULE.",
        body=RecurringTaskCreate,
        answer=RecurringTaskResponse,
        status=201,
        repeatable=True,
        keyed=True,
        responses=MADE_BEFORE,
    ),
    Forwarded(
        "list_recurring_tasks",
        "GET",
        "/recurring-tasks",
        Service.TASKS,
        "List, search and filter the caller's recurring tasks, newest first.",
        query=RecurringTaskQuery,
        answer=RecurringTaskPage,
        repeatable=True,
    ),
    Forwarded(
        "get_recurring_task",
        "GET",
        _ONE,
        Service.TASKS,
        "Read one recurring task.",
        answer=RecurringTaskResponse,
        repeatable=True,
    ),
    Forwarded(
        "preview_recurring_task",
        "GET",
        f"{_ONE}/preview",
        Service.TASKS,
        "Show the next dates of a recurring task.",
        query=PreviewQuery,
        answer=RecurringTaskPreview,
        repeatable=True,
    ),
    Forwarded(
        "update_recurring_task",
        "PATCH",
        _ONE,
        Service.TASKS,
        "Change a recurring task from its next instance on; `active` pauses or resumes it.",
        body=RecurringTaskUpdate,
        answer=RecurringTaskResponse,
        conditional=True,
    ),
    Forwarded(
        "delete_recurring_task",
        "DELETE",
        _ONE,
        Service.TASKS,
        "End a recurring task; its instances stay.",
        status=204,
    ),
)
