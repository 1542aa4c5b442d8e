"""The route by which the scheduler has an instance of a recurring task made."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from tasks.handlers.recurring_tasks import RecurringTaskId
from tasks.handlers.scheduler_only import Scheduler
from tasks.instances import InstanceGeneration
from todo_shared.identity import Caller
from todo_shared.models import ErrorResponse, InstanceCreate, TaskResponse
from todo_shared.telemetry.business import TASKS_CREATED

ROUTES: Final = APIRouter(tags=["internal"])


async def _generation(request: Request) -> InstanceGeneration:
    return request.app.state.generation


Generation = Annotated[InstanceGeneration, Depends(_generation)]


@ROUTES.post(
    "/recurring-tasks/{recurring_task_id}/instances",
    status_code=201,
    responses={
        200: {"description": "Made before"},
        409: {"model": ErrorResponse, "description": "Code `stale_version` or `inactive`"},
    },
)
async def make_instance(
    *,
    recurring_task_id: RecurringTaskId,
    body: InstanceCreate,
    scheduler: Scheduler,
    user: Caller,
    generation: Generation,
    response: Response,
) -> TaskResponse:
    """Make the task of one occurrence; asked again, answer with the same task."""
    task, made = await generation.make(user, recurring_task_id, body, scheduler)
    if made:
        TASKS_CREATED.inc()
    else:
        response.status_code = 200
    return task
