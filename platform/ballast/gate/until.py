"""Ends of freezes and permits, and lengths of time, as people type them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from ballast.errors import BallastError

_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


def parse_until(text: str, now: datetime | None = None) -> datetime:
    """The instant in whole seconds: `90m`, `4h` or `2d` from now, or an ISO date or time.

    A date is its first instant; a time without a zone is UTC. BallastError when it is neither, or
    is over already.
    """
    moment = now or datetime.now(UTC)
    if found := re.fullmatch(r"(\d{1,4})([mhd])", text.strip()):
        until = moment + timedelta(**{_UNITS[found[2]]: int(found[1])})
    else:
        try:
            until = datetime.fromisoformat(text.strip())
        except ValueError as error:
            raise BallastError(
                f"{text!r} is no time", "Write 4h, 2d, 2026-12-01 or 2026-12-01T18:00Z."
            ) from error
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
    if until <= moment:
        raise BallastError(f"{text} is over already", "Give a time that is to come.")
    return until.replace(microsecond=0)


def parse_length(text: str) -> float:
    """Seconds of `90s`, `10m` or `2h`; BallastError when it is none of these or nothing at all."""
    found = re.fullmatch(r"(\d{1,5})([smh])", text.strip())
    seconds = int(found[1]) * {"s": 1.0, "m": 60.0, "h": 3600.0}[found[2]] if found else 0.0
    if seconds <= 0:
        raise BallastError(f"{text!r} is no length of time", "Write 90s, 10m or 2h.")
    return seconds
