"""The moment and the place in which a sentence is said, and what local times mean there."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tasks.chat.understanding import Missing


@dataclass(frozen=True, slots=True)
class Present:
    """Now, on the clocks of the user's zone."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The local date."""
        return self.now.date()

    def at(self, day: date, clock: time) -> datetime:
        """This local time. One that clocks skip is read with the offset from before the change,
        one that they show twice is the first of the two.
        """
        local = datetime.combine(day, clock, self.zone)
        return local.astimezone(UTC).astimezone(self.zone)

    def later(self, span: timedelta) -> datetime:
        """This much time from now, to the minute, across any change of the clocks."""
        exact = (self.now.astimezone(UTC) + span).replace(second=0, microsecond=0)
        return exact.astimezone(self.zone)


def present(now: datetime, zone: ZoneInfo) -> Present:
    """`now` (aware) as it is in `zone`."""
    return Present(now.astimezone(zone), zone)


_NAMED: Final = {(12, 0): " (noon)", (0, 0): " (midnight)"}


def in_words(moment: datetime) -> str:
    """A local moment as people read it: Friday 27 November 2026, 09:00."""
    named = _NAMED.get((moment.hour, moment.minute), "")
    return f"{moment:%A} {moment.day} {moment:%B %Y, %H:%M}{named}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a date, a time or a schedule cannot be taken as it was said."""

    missing: Missing
    text: str
