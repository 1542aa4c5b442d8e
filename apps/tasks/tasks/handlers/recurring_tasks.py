"""Routes of recurring tasks. The caller comes from the header that only the gateway sets."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from tasks.handlers.conditions import IfMatch, expected_version, tag
from tasks.recurring import RecurringTasks
from todo_shared.identity import Caller, IdempotencyKey
from todo_shared.models import (
    RecurringTaskCreate,
    RecurringTaskPage,
    RecurringTaskPreview,
    RecurringTaskQuery,
    RecurringTaskResponse,
    RecurringTaskUpdate,
)

ROUTES: Final = APIRouter(tags=["recurring-tasks"])
_ONE: Final = "/recurring-tasks/{recurring_task_id}"


async def _recurring(request: Request) -> RecurringTasks:
    return request.app.state.recurring


Recurring = Annotated[RecurringTasks, Depends(_recurring)]
RecurringTaskId = Annotated[str, Path(max_length=64, description="Opaque id of a recurring task")]


@ROUTES.post("/recurring-tasks", status_code=201, responses={200: {"description": "Made before"}})
async def create_recurring_task(
    body: RecurringTaskCreate,
    user: Caller,
    recurring: Recurring,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> RecurringTaskResponse:
    """Create a recurring task from a cron rule or an RRULE."""
    template, made = await recurring.create(user, body, idempotency_key)
    if not made:
        response.status_code = 200
    tag(response, template.version)
    return template


@ROUTES.get("/recurring-tasks")
async def list_recurring_tasks(
    user: Caller, recurring: Recurring, wanted: Annotated[RecurringTaskQuery, Query()]
) -> RecurringTaskPage:
    """List, search and filter the caller's recurring tasks, newest first."""
    return await recurring.page(user, wanted)


@ROUTES.get(_ONE)
async def get_recurring_task(
    recurring_task_id: RecurringTaskId, user: Caller, recurring: Recurring, response: Response
) -> RecurringTaskResponse:
    """Read one recurring task."""
    template = await recurring.get(user, recurring_task_id)
    tag(response, template.version)
    return template


@ROUTES.get(_ONE + "/preview")
async def preview_recurring_task(
    recurring_task_id: RecurringTaskId,
    user: Caller,
    recurring: Recurring,
    n: Annotated[int, Query(ge=1, le=50)] = 3,
) -> RecurringTaskPreview:
    """Show the next dates of a recurring task."""
    return await recurring.preview(user, recurring_task_id, n)


@ROUTES.patch(_ONE)
async def update_recurring_task(
    *,
    recurring_task_id: RecurringTaskId,
    body: RecurringTaskUpdate,
    user: Caller,
    recurring: Recurring,
    response: Response,
    if_match: IfMatch = None,
) -> RecurringTaskResponse:
    """Change a recurring task from its next instance on; `active` pauses or resumes it."""
    expected = expected_version(if_match, body.version)
    template = await recurring.update(user, recurring_task_id, body, expected)
    tag(response, template.version)
    return template


@ROUTES.delete(_ONE, status_code=204)
async def delete_recurring_task(
    recurring_task_id: RecurringTaskId, user: Caller, recurring: Recurring
) -> None:
    """End a recurring task; its instances stay."""
    await recurring.delete(user, recurring_task_id)
