"""Where the caller wants their messages."""

from typing import Final

from fastapi import APIRouter

from notifications.models.recipient import Channel, Recipient, checked_address
from notifications.routes.dependencies import Recipients
from todo_shared.identity import Caller
from todo_shared.models import RecipientResponse, RecipientUpdate

ROUTES: Final = APIRouter(tags=["recipients"])


@ROUTES.get("/recipients/{channel}")
async def get_recipient(
    user: Caller, recipients: Recipients, channel: Channel
) -> RecipientResponse:
    """Show where the caller's messages of a channel go."""
    return (await recipients.get(user, channel)).response()


@ROUTES.put("/recipients/{channel}")
async def put_recipient(
    user: Caller, recipients: Recipients, channel: Channel, body: RecipientUpdate
) -> RecipientResponse:
    """Change where they go, or switch the channel off; holds for what is not sent yet, too."""
    address = None if body.address is None else checked_address(channel, body.address)
    recipient = Recipient(user, channel, address, body.enabled)
    await recipients.put(recipient)
    return recipient.response()
