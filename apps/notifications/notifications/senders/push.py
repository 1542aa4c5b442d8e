"""The channel `push`: an HTTP binding to the push service."""

from typing import Final

from notifications.models.attempt import Attempt
from notifications.senders.json_post import document
from notifications.senders.sender import OPERATION, headers
from todo_shared.dapr import DaprBindings

BINDING: Final = "push"


class PushSender:
    """Posts the message as JSON."""

    def __init__(self, bindings: DaprBindings) -> None:
        self._bindings = bindings

    async def send(self, attempt: Attempt, address: str) -> None:
        """See Sender."""
        body = document(attempt, address)
        await self._bindings.invoke(BINDING, OPERATION, body, headers(attempt, address))
