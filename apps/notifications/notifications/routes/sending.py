"""The method `send-notification`, which other services invoke."""

from typing import Final

from fastapi import APIRouter

from notifications.consumers.requests import METHOD, compose_requested, requested
from notifications.routes.dependencies import Effects
from todo_shared.errors import UnavailableError
from todo_shared.identity import Caller
from todo_shared.models import SendNotification, SendNotificationResponse

ROUTES: Final = APIRouter(tags=["internal"])


@ROUTES.post(f"/{METHOD}")
async def send_notification(
    user: Caller, effects: Effects, body: SendNotification
) -> SendNotificationResponse:
    """Tell the caller of an event of a task by e-mail, once however often it is asked for."""
    event = requested(body, user)
    fresh = await effects.deliver_once([event], compose_requested)
    delivery = await effects.of_event(event.id, user)
    if delivery is None:
        raise UnavailableError("the notification is being recorded by another call")
    return SendNotificationResponse(
        notification_id=str(delivery.id),
        task_id=body.task_id,
        event=body.event,
        status=delivery.status,
        repeated=not fresh,
    )
