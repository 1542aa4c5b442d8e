"""What a recurrence does where the calendar or the clock does not do as the rule says."""

from dataclasses import dataclass
from enum import StrEnum


class RuleKind(StrEnum):
    """The language a rule is written in."""

    CRON = "cron"
    RRULE = "rrule"


class GapPolicy(StrEnum):
    """A local time that does not exist, because clocks were put forward over it."""

    SHIFT_FORWARD = "shift_forward"
    """Read with the offset before the gap: 02:30 becomes 03:30 (RFC 5545, default of RRULE)."""
    RUN_AT_END = "run_at_end"
    """At the first moment after the gap: 02:30 becomes 03:00 (Debian cron at fixed times)."""
    SKIP = "skip"
    """Not at all (Debian cron with a wildcard hour or minute)."""


class OverlapPolicy(StrEnum):
    """A local time that comes twice, because clocks were put back over it."""

    FIRST = "first"
    """The earlier of the two (RFC 5545, and Debian cron at fixed times)."""
    SECOND = "second"
    """The later of the two."""
    BOTH = "both"
    """Both (Debian cron with a wildcard hour or minute)."""


class ShortMonthPolicy(StrEnum):
    """Day 29, 30 or 31 of a month that does not have it."""

    SKIP = "skip"
    """Not at all in that month (default)."""
    CLAMP = "clamp"
    """On the last day of that month."""
    ROLL = "roll"
    """On the first day of the month after it."""


class CatchUpPolicy(StrEnum):
    """Occurrences that passed while nobody was there to make them."""

    ALL = "all"
    """Make every one of them."""
    LATEST = "latest"
    """Make only the last one."""
    NONE = "none"
    """Make none of them."""


@dataclass(frozen=True, slots=True)
class Policies:
    """The choices of one recurrence; None stands for what its kind of rule does by tradition."""

    gap: GapPolicy | None = None
    overlap: OverlapPolicy | None = None
    short_month: ShortMonthPolicy = ShortMonthPolicy.SKIP
