"""The channel `webhook`: an HTTP binding to the egress that calls the users' addresses.

The service never calls an address that a user typed in: the binding's URL is fixed, the address
travels as data, and the egress decides what may be reached.
"""

from typing import Final

from notifications.models.attempt import Attempt
from notifications.senders.json_post import document
from notifications.senders.sender import OPERATION, headers
from todo_shared.dapr import DaprBindings

BINDING: Final = "webhook"


class WebhookSender:
    """Posts the message as JSON."""

    def __init__(self, bindings: DaprBindings) -> None:
        self._bindings = bindings

    async def send(self, attempt: Attempt, address: str) -> None:
        """See Sender."""
        body = document(attempt, address)
        await self._bindings.invoke(BINDING, OPERATION, body, headers(attempt, address))
