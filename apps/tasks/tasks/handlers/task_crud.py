"""Routes of tasks. The caller comes from the header that only the gateway sets."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from tasks.lifecycle import TaskLifecycle
from todo_shared.identity import Caller, IdempotencyKey
from todo_shared.models import TaskCreate, TaskPage, TaskResponse, TaskStatus
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
    return task


@ROUTES.get("/tasks")
async def list_tasks(
    user: Caller,
    lifecycle: Lifecycle,
    status: TaskStatus | None = None,
    after: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> TaskPage:
    """List the caller's tasks, newest first."""
    return await lifecycle.page(user, status, after, limit)


@ROUTES.get("/tasks/{task_id}")
async def get_task(task_id: TaskId, user: Caller, lifecycle: Lifecycle) -> TaskResponse:
    """Read one task."""
    return await lifecycle.get(user, task_id)


@ROUTES.post("/tasks/{task_id}/complete")
async def complete_task(task_id: TaskId, user: Caller, lifecycle: Lifecycle) -> TaskResponse:
    """Complete a task; completing it again changes nothing."""
    task, made = await lifecycle.complete(user, task_id)
    if made and task.completed_at is not None:
        seconds = (task.completed_at - task.created_at).total_seconds()
        TASK_COMPLETION.labels(task.status.value).observe(seconds)
    return task


@ROUTES.delete("/tasks/{task_id}", status_code=204)
async def delete_task(task_id: TaskId, user: Caller, lifecycle: Lifecycle) -> None:
    """Delete a task; it is kept, but no longer shown."""
    await lifecycle.delete(user, task_id)
