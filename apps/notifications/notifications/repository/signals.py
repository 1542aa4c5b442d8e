"""What the database says when there is something to send."""

from dataclasses import dataclass
from hashlib import md5
from typing import Final

CHANNEL: Final = "deliveries"
# A hash, because a payload is short and shows up in the server's log; it protects nothing.
SIGNAL: Final = f"pg_notify('{CHANNEL}', channel || ' ' || md5(user_id))"


def mark_of(user_id: str) -> str:
    """How a signal names a user."""
    return md5(user_id.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Signal:
    """There is something new for the user whose mark this is, on this channel."""

    channel: str
    mark: str

    @classmethod
    def parse(cls, payload: str) -> "Signal":
        """Read what SIGNAL sends."""
        channel, _, mark = payload.rpartition(" ")
        return cls(channel, mark)
