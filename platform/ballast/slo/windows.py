"""The multi-window, multi-burn-rate alert catalogue of a 30-day objective."""

from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["page", "ticket"]


@dataclass(frozen=True)
class BurnRate:
    """Alert when both windows burn the budget `factor` times faster than it lasts."""

    severity: Severity
    factor: float
    long: str
    short: str

    @property
    def long_seconds(self) -> int:
        """The long window in seconds."""
        return seconds(self.long)


UNITS: Final = {"m": 60, "h": 3600, "d": 86400}

BURN_RATES: Final = (
    BurnRate("page", 14.4, "1h", "5m"),
    BurnRate("page", 6.0, "6h", "30m"),
    BurnRate("ticket", 3.0, "1d", "2h"),
    BurnRate("ticket", 1.0, "3d", "6h"),
)
WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")

# One failure among five requests an hour is 20 % of the traffic and no outage: nobody is woken.
MINIMUM_EVENTS_TO_PAGE: Final = 10


def seconds(window: str) -> int:
    """A window such as `30m`, `6h` or `3d` in seconds."""
    return int(window[:-1]) * UNITS[window[-1]]
