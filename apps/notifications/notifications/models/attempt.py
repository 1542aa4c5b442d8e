"""One attempt to send: taken from the queue under a lease, given back with its outcome."""

from dataclasses import dataclass
from enum import StrEnum

from notifications.models.delivery import Message
from notifications.models.recipient import Recipient


class Outcome(StrEnum):
    """How an attempt ended. Each but SENT leaves a reason."""

    SENT = "sent"
    AGAIN = "again"
    FAILED = "failed"
    SKIPPED = "skipped"
    WITHDRAWN = "withdrawn"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A delivery that this replica alone may send until its lease ends.

    `number` counts attempts from 1 and guards the lease: who comes too late names an older one.
    """

    delivery_id: int
    number: int
    limit: int
    message: Message
    recipient: Recipient
    canceled: bool

    @property
    def last(self) -> bool:
        """Whether there is no other attempt after this one."""
        return self.number >= self.limit

    @property
    def idempotency_key(self) -> str:
        """What tells a provider that two attempts are one message."""
        return f"delivery-{self.message.event_id}-{self.delivery_id}"


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of an attempt; AGAIN waits `pause` seconds, RELEASED was never begun."""

    attempt: Attempt
    outcome: Outcome
    reason: str | None = None
    pause: float = 0.0
