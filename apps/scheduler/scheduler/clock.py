"""The clock of the database, by which every instant of this service is judged."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_SAMPLES: Final = 60


@dataclass(frozen=True, slots=True)
class _Sample:
    offset: float
    round_trip: float


class DatabaseClock:
    """Tells the database's time from this machine's monotonic clock and measured answers.

    Of the last sixty answers the quickest counts: its error is at most half its round trip.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._samples: deque[_Sample] = deque(maxlen=_SAMPLES)
        self._offset = time.time() - monotonic()

    def measured(self, sent: float, received: float, told: float) -> None:
        """Take an answer: `sent` and `received` by the monotonic clock, `told` in Unix seconds."""
        self._samples.append(_Sample(told - (sent + received) / 2, received - sent))
        self._offset = min(self._samples, key=lambda sample: sample.round_trip).offset

    def monotonic(self) -> float:
        """The reading that `measured` wants."""
        return self._monotonic()

    def now(self) -> datetime:
        """The database's time, in UTC."""
        return datetime.fromtimestamp(self._monotonic() + self._offset, UTC)

    def seconds_until(self, moment: datetime) -> float:
        """How long until `moment`; negative when it has passed."""
        return (moment - self.now()).total_seconds()
