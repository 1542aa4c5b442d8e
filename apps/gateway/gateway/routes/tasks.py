"""Public routes of tasks."""

from typing import Annotated, Final

from pydantic import Field

from gateway.routes.forwarding import MADE_BEFORE, Forwarded, Service
from todo_shared.models import (
    ApiModel,
    AuditPage,
    NotifyResponse,
    TaskCreate,
    TaskPage,
    TaskQuery,
    TaskResponse,
    TaskUpdate,
)


class HistoryQuery(ApiModel):
    """Which page of a history: `after` is the `next` of the page before."""

    after: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 50


TASKS: Final = (
    Forwarded(
        "create_task",
        "POST",
        "/tasks",
        Service.TASKS,
        "Create a task. With an Idempotency-Key, a repeat gives the first task again.",
        body=TaskCreate,
        answer=TaskResponse,
        status=201,
        repeatable=True,
        keyed=True,
        responses=MADE_BEFORE,
    ),
    Forwarded(
        "list_tasks",
        "GET",
        "/tasks",
        Service.TASKS,
        "List, search and filter the caller's tasks; the newest first, or the most urgent.",
        query=TaskQuery,
        answer=TaskPage,
        repeatable=True,
    ),
    Forwarded(
        "get_task",
        "GET",
        "/tasks/{task_id}",
        Service.TASKS,
        "Read one task.",
        answer=TaskResponse,
        repeatable=True,
    ),
    Forwarded(
        "update_task",
        "PATCH",
        "/tasks/{task_id}",
        Service.TASKS,
        "Change the fields that are given; `status` completes or reopens a task.",
        body=TaskUpdate,
        answer=TaskResponse,
        conditional=True,
    ),
    Forwarded(
        "complete_task",
        "POST",
        "/tasks/{task_id}/complete",
        Service.TASKS,
        "Complete a task; completing it again changes nothing.",
        answer=TaskResponse,
        repeatable=True,
    ),
    Forwarded(
        "notify_task",
        "POST",
        "/tasks/{task_id}/notify",
        Service.TASKS,
        "Send the caller a notification about a task.",
        answer=NotifyResponse,
    ),
    # Not repeated by the gateway: a repeat would answer that the task is gone.
    Forwarded(
        "delete_task",
        "DELETE",
        "/tasks/{task_id}",
        Service.TASKS,
        "Delete a task.",
        status=204,
    ),
    Forwarded(
        "list_changes",
        "GET",
        "/tasks/{task_id}/audit",
        Service.TASKS,
        "List what was done to a task, also to a deleted one, oldest first.",
        query=HistoryQuery,
        answer=AuditPage,
        repeatable=True,
    ),
)
