"""Time zones from the pinned tzdata package, never from the machine the service runs on."""

from datetime import datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from typing import Final, cast
from zoneinfo import ZoneInfo

import tzdata

from todo_shared.recurrence.errors import RecurrenceError

TZDATA_VERSION: Final = tzdata.IANA_VERSION

# No zone ever moved its clocks by more than 24 hours (Samoa in 2011, Kwajalein in 1993).
LONGEST_SHIFT: Final = timedelta(hours=25)
_SECOND: Final = timedelta(seconds=1)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every zone name of the IANA database."""
    return frozenset((files("tzdata") / "zones").read_text(encoding="ascii").split())


@lru_cache(maxsize=1024)
def load_zone(name: str) -> ZoneInfo:
    """The zone called `name`. Raises RecurrenceError."""
    if name not in zone_names():
        close = get_close_matches(name, zone_names(), n=1)
        raise RecurrenceError(
            "is not a time zone",
            where=repr(name[:80]),
            remedy=f"did you mean {close[0]}?"
            if close
            else "use an IANA name such as Europe/Berlin",
        )
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def offset_at(instant: datetime, zone: ZoneInfo) -> timedelta:
    """How far local time is ahead of UTC at `instant`."""
    return cast(timedelta, instant.astimezone(zone).utcoffset())


def end_of_gap(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the offset that holds at `late` began; `early` lies before it.

    Whole seconds are exact: time zone data has no finer ones.
    """
    wanted = offset_at(late, zone)
    while late - early > _SECOND:
        middle = early + timedelta(seconds=(late - early) // _SECOND // 2)
        if offset_at(middle, zone) == wanted:
            late = middle
        else:
            early = middle
    return late


def earliest_local(instant: datetime, zone: ZoneInfo) -> datetime:
    """A local time not after that of any occurrence whose instant is `instant` or later.

    `instant` is in UTC.
    """
    now = offset_at(instant, zone)
    before, after = (
        offset_at(instant - LONGEST_SHIFT, zone),
        offset_at(instant + LONGEST_SHIFT, zone),
    )
    lowest = now if before == now == after else min(before, now, after)
    return instant.replace(tzinfo=None) + lowest
