"""Public routes of tasks."""

from typing import Annotated, Final
from uuid import uuid4

from fastapi import APIRouter, Path, Query, Response

from gateway.downstream import Tasks
from gateway.middleware.auth import User
from todo_shared.identity import IDEMPOTENCY_HEADER, IdempotencyKey
from todo_shared.models import TaskCreate, TaskPage, TaskResponse, TaskStatus

ROUTES: Final = APIRouter(tags=["tasks"])

TaskId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9-]+$")]


@ROUTES.post(
    "/tasks",
    status_code=201,
    response_model=TaskResponse,
    responses={200: {"description": "Made before with this Idempotency-Key"}},
)
async def create_task(
    body: TaskCreate, user: User, tasks: Tasks, idempotency_key: IdempotencyKey = None
) -> Response:
    """Create a task. The key makes a repeat safe: the client's, or one made here for our own."""
    return await tasks.forward(
        user,
        "POST",
        "/tasks",
        body=body.model_dump_json().encode(),
        headers={IDEMPOTENCY_HEADER: idempotency_key or f"gateway-{uuid4()}"},
    )


@ROUTES.get("/tasks", response_model=TaskPage)
async def list_tasks(
    user: User,
    tasks: Tasks,
    status: TaskStatus | None = None,
    after: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Response:
    """List the caller's tasks, newest first."""
    query = {"status": status, "after": after, "limit": str(limit)}
    given = {name: value for name, value in query.items() if value is not None}
    return await tasks.forward(user, "GET", "/tasks", query=given)


@ROUTES.get("/tasks/{task_id}", response_model=TaskResponse)
async def get_task(task_id: TaskId, user: User, tasks: Tasks) -> Response:
    """Read one task."""
    return await tasks.forward(user, "GET", f"/tasks/{task_id}")


@ROUTES.post("/tasks/{task_id}/complete", response_model=TaskResponse)
async def complete_task(task_id: TaskId, user: User, tasks: Tasks) -> Response:
    """Complete a task; completing it again changes nothing."""
    return await tasks.forward(user, "POST", f"/tasks/{task_id}/complete")


@ROUTES.delete("/tasks/{task_id}", status_code=204, response_class=Response)
async def delete_task(task_id: TaskId, user: User, tasks: Tasks) -> Response:
    """Delete a task. Not repeated by the gateway: a repeat would answer that it is gone."""
    return await tasks.forward(user, "DELETE", f"/tasks/{task_id}", idempotent=False)
