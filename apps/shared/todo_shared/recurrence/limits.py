"""What keeps one rule from costing more than a rule may cost."""

from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from todo_shared.recurrence.errors import RecurrenceError
from todo_shared.recurrence.local_rule import LocalRule

MIN_SPACING: Final = timedelta(minutes=15)
SILENT_YEARS: Final = 50
"""A rule that names no time for so long has ended."""
COUNTED_YEARS: Final = 100
"""A COUNT has to be reached within so many."""
MAX_RULE_LENGTH: Final = 512
_YEARS: Final = range(1970, 2200)
_SAMPLE: Final = 256
_SAMPLE_SPAN: Final = timedelta(days=3 * 366)


def check_text(rule: str) -> None:
    """Raises RecurrenceError for a rule that is empty or longer than any real one."""
    if not rule.strip():
        raise RecurrenceError(
            "is empty", where="rule", remedy="write 0 9 * * MON or FREQ=WEEKLY;BYDAY=MO"
        )
    if len(rule) > MAX_RULE_LENGTH:
        raise RecurrenceError(
            f"has {len(rule)} characters", where="rule", remedy=f"use at most {MAX_RULE_LENGTH}"
        )


def check_start(starts_at: datetime) -> None:
    """Raises RecurrenceError for a start that is no whole minute of wall-clock time."""
    where = f"start {starts_at}"
    if starts_at.tzinfo is not None:
        raise RecurrenceError(
            "has an offset", where=where, remedy="give wall-clock time, and the zone beside it"
        )
    if starts_at.second or starts_at.microsecond:
        raise RecurrenceError("is not a whole minute", where=where, remedy="leave seconds at zero")
    if starts_at.year not in _YEARS:
        raise RecurrenceError(
            "is out of range", where=where, remedy=f"use {_YEARS.start} to {_YEARS.stop - 1}"
        )


def check_spacing(rule: LocalRule, starts_at: datetime) -> None:
    """Raises RecurrenceError when a rule that happens at all happens too often.

    Looks at the first 256 of them, and at three years at most.
    """
    times = rule.times_from(starts_at)
    previous = first = next(times)
    for time in islice(times, _SAMPLE):
        if time - previous < MIN_SPACING:
            raise RecurrenceError(
                f"happens at {previous:%H:%M} and again at {time:%H:%M}",
                where="rule",
                remedy=f"leave at least {MIN_SPACING // timedelta(minutes=1)} minutes between",
            )
        if time - first > _SAMPLE_SPAN:
            return
        previous = time
