"""The channel `email`: SendGrid's binding in production, any HTTP binding elsewhere."""

from html import escape
from typing import Final

from notifications.models.attempt import Attempt
from notifications.senders.sender import OPERATION, headers
from todo_shared.dapr import DaprBindings

BINDING: Final = "email"


class EmailSender:
    """Sends the message as HTML. SendGrid itself knows no idempotency key."""

    def __init__(self, bindings: DaprBindings) -> None:
        self._bindings = bindings

    async def send(self, attempt: Attempt, address: str) -> None:
        """See Sender."""
        message = attempt.message
        metadata = {"emailTo": address, "subject": message.subject, **headers(attempt, address)}
        html = f"<p>{escape(message.body)}</p>"
        await self._bindings.invoke(BINDING, OPERATION, html, metadata)
