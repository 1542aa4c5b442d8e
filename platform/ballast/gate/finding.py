"""What a check of a clone says of one file."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Finding:
    """What one file is worth: sound or not, and why."""

    path: str
    sound: bool
    said: str


def end_of(until: datetime, now: datetime) -> str:
    """Whether something still counts; what was valid when it was used stays sound."""
    return f"{'ended' if until <= now else 'counts until'} {until.isoformat()}"
