"""Public routes of notifications, and of where a user wants them."""

from typing import Annotated, Final

from pydantic import Field

from gateway.routes.forwarding import Forwarded, Service
from todo_shared.models import (
    ApiModel,
    NotificationPage,
    NotificationResponse,
    RecipientResponse,
    RecipientUpdate,
)


class NotificationQuery(ApiModel):
    """Which notifications: all after a number, or those of one task."""

    task_id: Annotated[str | None, Field(max_length=64)] = None
    after: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 50


NOTIFICATIONS: Final = (
    Forwarded(
        "list_notifications",
        "GET",
        "/notifications",
        Service.NOTIFICATIONS,
        "List what was delivered to the caller, oldest first.",
        query=NotificationQuery,
        answer=NotificationPage,
        repeatable=True,
    ),
    Forwarded(
        "retry_notification",
        "POST",
        "/notifications/{notification_id}/retry",
        Service.NOTIFICATIONS,
        "Send a failed notification again; in any other state the answer is 409.",
        answer=NotificationResponse,
    ),
    Forwarded(
        "get_recipient",
        "GET",
        "/recipients/{channel}",
        Service.NOTIFICATIONS,
        "Show where the caller's messages of a channel go.",
        answer=RecipientResponse,
        repeatable=True,
    ),
    Forwarded(
        "put_recipient",
        "PUT",
        "/recipients/{channel}",
        Service.NOTIFICATIONS,
        "Change where they go, or switch the channel off.",
        body=RecipientUpdate,
        answer=RecipientResponse,
        repeatable=True,
    ),
)
