"""Routes of tasks. The caller comes from the header that only the gateway sets."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from tasks.handlers.conditions import IfMatch, expected_version, tag
from tasks.lifecycle import TaskLifecycle
from todo_shared.identity import Caller, IdempotencyKey
from todo_shared.models import (
    AuditPage,
    TaskCreate,
    TaskPage,
    TaskQuery,
    TaskResponse,
    TaskUpdate,
)
from todo_shared.telemetry.business import TASK_COMPLETION, TASKS_CREATED

ROUTES: Final = APIRouter(tags=["tasks"])


async def _lifecycle(request: Request) -> TaskLifecycle:
    return request.app.state.lifecycle


Lifecycle = Annotated[TaskLifecycle, Depends(_lifecycle)]
TaskId = Annotated[str, Path(max_length=64, description="Opaque id of a task")]


@ROUTES.post("/tasks", status_code=201, responses={200: {"description": "Made before"}})
async def create_task(
    body: TaskCreate,
    user: Caller,
    lifecycle: Lifecycle,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> TaskResponse:
    """Create a task."""
    task, made = await lifecycle.create(user, body, idempotency_key)
    if made:
        TASKS_CREATED.inc()
    else:
        response.status_code = 200
    tag(response, task.version)
    return task


@ROUTES.get("/tasks")
async def list_tasks(
    user: Caller, lifecycle: Lifecycle, wanted: Annotated[TaskQuery, Query()]
) -> TaskPage:
    """List, search and filter the caller's tasks; the newest first, or the most urgent."""
    return await lifecycle.page(user, wanted)


@ROUTES.get("/tasks/{task_id}")
async def get_task(
    task_id: TaskId, user: Caller, lifecycle: Lifecycle, response: Response
) -> TaskResponse:
    """Read one task."""
    task = await lifecycle.get(user, task_id)
    tag(response, task.version)
    return task


@ROUTES.patch("/tasks/{task_id}")
async def update_task(
    *,
    task_id: TaskId,
    body: TaskUpdate,
    user: Caller,
    lifecycle: Lifecycle,
    response: Response,
    if_match: IfMatch = None,
) -> TaskResponse:
    """Change the fields that are given; `status` completes or reopens a task."""
    expected = expected_version(if_match, body.version)
    task, completed = await lifecycle.update(user, task_id, body, expected)
    if completed:
        _observe_completion(task)
    tag(response, task.version)
    return task


@ROUTES.post("/tasks/{task_id}/complete")
async def complete_task(
    task_id: TaskId, user: Caller, lifecycle: Lifecycle, response: Response
) -> TaskResponse:
    """Complete a task; completing it again changes nothing."""
    task, completed = await lifecycle.complete(user, task_id)
    if completed:
        _observe_completion(task)
    tag(response, task.version)
    return task


@ROUTES.delete("/tasks/{task_id}", status_code=204)
async def delete_task(task_id: TaskId, user: Caller, lifecycle: Lifecycle) -> None:
    """Delete a task; it is kept, but no longer shown."""
    await lifecycle.delete(user, task_id)


@ROUTES.get("/tasks/{task_id}/audit")
async def list_changes(
    task_id: TaskId,
    user: Caller,
    lifecycle: Lifecycle,
    after: Annotated[int, Query(ge=0, le=2**31 - 1, description="A version, from `next`")] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> AuditPage:
    """List what was done to a task, also to a deleted one, oldest first."""
    return await lifecycle.history(user, task_id, after, limit)


def _observe_completion(task: TaskResponse) -> None:
    if task.completed_at is not None:
        seconds = (task.completed_at - task.created_at).total_seconds()
        TASK_COMPLETION.labels(task.status.value).observe(seconds)
