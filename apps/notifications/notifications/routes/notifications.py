"""Reading deliveries back: by their user, or whole for the ledger that counts effects."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from notifications.models.delivery import Delivery
from notifications.routes.dependencies import Deliveries
from todo_shared.identity import Caller
from todo_shared.models import NotificationPage, NotificationResponse

ROUTES: Final = APIRouter(tags=["notifications"])

TaskId = Annotated[str, Query(max_length=64)]
After = Annotated[int, Query(ge=0, le=2**63 - 1, description="The `next` of the page before")]
NotificationId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@ROUTES.get("/notifications")
async def list_notifications(
    user: Caller,
    deliveries: Deliveries,
    task_id: TaskId | None = None,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> NotificationPage:
    """List what was delivered to the caller, oldest first."""
    return _page(await deliveries.of_user(user, task_id, after, limit + 1), limit)


@ROUTES.post("/notifications/{notification_id}/retry")
async def retry_notification(
    user: Caller, deliveries: Deliveries, notification_id: NotificationId
) -> NotificationResponse:
    """Send a failed notification of the caller again; in any other state the answer is 409."""
    return (await deliveries.retry(user, notification_id)).response()


@ROUTES.get("/deliveries", tags=["internal"])
async def list_deliveries(
    deliveries: Deliveries,
    task_id: Annotated[list[TaskId] | None, Query(max_length=500)] = None,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> NotificationPage:
    """List the deliveries of all users, to match effects with causes. Not routed to the outside."""
    return _page(await deliveries.all(task_id or [], after, limit + 1), limit)


def _page(found: list[Delivery], limit: int) -> NotificationPage:
    items = [delivery.response() for delivery in found[:limit]]
    return NotificationPage(items=items, next=items[-1].id if len(found) > limit else None)
