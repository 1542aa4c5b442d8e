"""What a channel must be able to do, and what every message carries."""

from typing import Final, Protocol
from urllib.parse import quote

from notifications.models.attempt import Attempt

# The one operation that all bindings know; for an HTTP binding it is a POST.
OPERATION: Final = "create"


class Sender(Protocol):
    """Sends on one channel."""

    async def send(self, attempt: Attempt, address: str) -> None:
        """Return when the provider took it; raises SidecarError, BindingRefusedError for good."""
        ...


def headers(attempt: Attempt, address: str) -> dict[str, str]:
    """Metadata that an HTTP binding sends as headers and other bindings ignore.

    The key is the same for every attempt, so that a provider which knows keys sends once.
    """
    message = attempt.message
    return {
        "Idempotency-Key": attempt.idempotency_key,
        "X-Recipient": address,
        "X-User-Id": quote(message.user_id, safe=""),
        "X-Task-Id": quote(message.task_id, safe=""),
        "X-Event-Id": str(message.event_id),
        "X-Subject": quote(message.subject, safe=" "),
    }
