"""The channel `sms`: Twilio's binding in production, any HTTP binding elsewhere."""

from typing import Final

from notifications.models.attempt import Attempt
from notifications.senders.sender import OPERATION, headers
from todo_shared.dapr import DaprBindings

BINDING: Final = "sms"


class SmsSender:
    """Sends the message as plain text. Twilio's binding passes no idempotency key on."""

    def __init__(self, bindings: DaprBindings) -> None:
        self._bindings = bindings

    async def send(self, attempt: Attempt, address: str) -> None:
        """See Sender."""
        metadata = {"toNumber": address, **headers(attempt, address)}
        await self._bindings.invoke(BINDING, OPERATION, attempt.message.body, metadata)
