"""Reading deliveries back: by their user, or whole for the ledger that counts effects."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request

from notifications.models.delivery import Delivery
from notifications.repository import DeliveryRepository
from todo_shared.identity import Caller
from todo_shared.models import NotificationPage

ROUTES: Final = APIRouter(tags=["notifications"])


async def _repository(request: Request) -> DeliveryRepository:
    return request.app.state.repository


Repository = Annotated[DeliveryRepository, Depends(_repository)]
TaskId = Annotated[str, Query(max_length=64)]
After = Annotated[int, Query(ge=0, le=2**63 - 1, description="The `next` of the page before")]


@ROUTES.get("/notifications")
async def list_notifications(
    user: Caller,
    repository: Repository,
    task_id: TaskId | None = None,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> NotificationPage:
    """List what was delivered to the caller, oldest first."""
    return _page(await repository.of_user(user, task_id, after, limit + 1), limit)


@ROUTES.get("/deliveries", tags=["internal"])
async def list_deliveries(
    repository: Repository,
    task_id: Annotated[list[TaskId] | None, Query(max_length=500)] = None,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> NotificationPage:
    """List the deliveries of all users, to match effects with causes. Not routed to the outside."""
    return _page(await repository.all(task_id or [], after, limit + 1), limit)


def _page(found: list[Delivery], limit: int) -> NotificationPage:
    items = [delivery.response() for delivery in found[:limit]]
    return NotificationPage(items=items, next=items[-1].id if len(found) > limit else None)
