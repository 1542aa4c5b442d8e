"""The channel `sink`: the delivery record is the delivery, so it can be seen without a provider."""

from dataclasses import dataclass
from typing import Final

from todo_shared.models import DeliveryStatus


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a channel leaves a message that was just recorded."""

    channel: str
    status: DeliveryStatus


# Nothing can fail after the record, so it is sent in the transaction that records it.
SINK: Final = Outcome("sink", DeliveryStatus.SENT)
