"""Reminders of the caller."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from scheduler.models.api import ReminderCreate, ReminderPage, ReminderResponse
from scheduler.reminding import Reminding
from todo_shared.identity import Caller, IdempotencyKey

ROUTES: Final = APIRouter(tags=["reminders"])


async def _reminding(request: Request) -> Reminding:
    return request.app.state.reminding


Reminders = Annotated[Reminding, Depends(_reminding)]


@ROUTES.post(
    "/reminders",
    status_code=201,
    responses={
        200: {"model": ReminderResponse, "description": "It was set by the same key before"}
    },
)
async def set_reminder(
    user: Caller,
    body: ReminderCreate,
    reminders: Reminders,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> ReminderResponse:
    """Set a reminder for a task, at a time or some minutes before it is due."""
    reminder, made = await reminders.set(user, body, idempotency_key)
    response.status_code = 201 if made else 200
    return reminder


@ROUTES.get("/reminders")
async def list_reminders(
    user: Caller,
    reminders: Reminders,
    task_id: Annotated[str | None, Query(max_length=64)] = None,
    after: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> ReminderPage:
    """List the caller's reminders, the earliest first."""
    return await reminders.page(user, task_id, after, limit)


@ROUTES.get("/reminders/{reminder_id}")
async def get_reminder(user: Caller, reminder_id: str, reminders: Reminders) -> ReminderResponse:
    """Read one reminder."""
    return await reminders.get(user, reminder_id)


@ROUTES.delete("/reminders/{reminder_id}", status_code=204)
async def cancel_reminder(user: Caller, reminder_id: str, reminders: Reminders) -> None:
    """Cancel a reminder that has not been triggered."""
    await reminders.cancel(user, reminder_id)
