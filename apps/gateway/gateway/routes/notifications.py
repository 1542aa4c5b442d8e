"""Public route of notifications."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from gateway.downstream import Notifications
from gateway.middleware.auth import User
from todo_shared.models import NotificationPage

ROUTES: Final = APIRouter(tags=["notifications"])


@ROUTES.get("/notifications", response_model=NotificationPage)
async def list_notifications(
    user: User,
    notifications: Notifications,
    task_id: Annotated[str | None, Query(max_length=64)] = None,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Response:
    """List what was delivered to the caller, oldest first."""
    query = {"after": str(after), "limit": str(limit)}
    if task_id is not None:
        query["task_id"] = task_id
    return await notifications.forward(user, "GET", "/notifications", query=query)
