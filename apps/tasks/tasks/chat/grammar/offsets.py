"""Spans from now on: `in 2 hours` is a moment, `in 3 days` is a date."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from tasks.chat.grammar.dates import Day, day
from tasks.chat.grammar.day_arithmetic import month_after
from tasks.chat.grammar.present import Problem
from tasks.chat.grammar.tokens import Cursor
from tasks.chat.grammar.vocabulary import NUMBERS
from tasks.chat.understanding import Missing

_CLOCK_UNITS: Final = {
    **dict.fromkeys(("minute", "minutes", "min", "mins"), timedelta(minutes=1)),
    **dict.fromkeys(("hour", "hours", "hr", "hrs", "h"), timedelta(hours=1)),
}
_DAY_UNITS: Final = {
    **dict.fromkeys(("day", "days"), 1),
    **dict.fromkeys(("week", "weeks"), 7),
    **dict.fromkeys(("fortnight", "fortnights"), 14),
}
_MONTH_UNITS: Final = {
    **dict.fromkeys(("month", "months"), 1),
    **dict.fromkeys(("year", "years"), 12),
}
_NAMED: Final = (
    *(("half an hour", 30), ("half hour", 30), ("a quarter of an hour", 15)),
    *(("an hour and a half", 90), ("one and a half hours", 90)),
)
_TOO_MANY: Final = 100_000
_FARTHEST: Final = timedelta(days=20 * 366)
_TOO_FAR: Final = Problem(Missing.DATE, "That is too far away. Which day do you mean?")


@dataclass(frozen=True, slots=True)
class Span:
    """A span of clock time, of days, or of months."""

    clock: timedelta = timedelta()
    days: int = 0
    months: int = 0


def span(cursor: Cursor) -> tuple[Span, Cursor] | None:
    """A span here: `2 hours`, `an hour and a half`, `half an hour`, `a fortnight`, `3 days`."""
    for phrase, minutes in _NAMED:
        if (rest := cursor.take(phrase)) is not None:
            return Span(timedelta(minutes=minutes)), rest
    count, rest = _count(cursor)
    if count is None:
        return None
    if (half := rest.take("and a half")) is not None:
        unit = _CLOCK_UNITS.get(half.word)
        return (Span(count * unit + unit / 2), half.on()) if unit else None
    if (unit := _CLOCK_UNITS.get(rest.word)) is not None:
        return _clock_span(count * unit, unit, rest.on())
    if (days := _DAY_UNITS.get(rest.word)) is not None:
        return Span(days=count * days), rest.on()
    months = _MONTH_UNITS.get(rest.word)
    return (Span(months=count * months), rest.on()) if months else None


def _clock_span(length: timedelta, unit: timedelta, rest: Cursor) -> tuple[Span, Cursor]:
    """`2 hours`, and the `and 15 minutes` that may follow."""
    more = span(rest.on()) if rest.word == "and" else None
    if more is not None and timedelta() < more[0].clock < unit:
        return Span(length + more[0].clock), more[1]
    return Span(length), rest


def _count(cursor: Cursor) -> tuple[int | None, Cursor]:
    if (rest := cursor.take("a couple of", "a couple")) is not None:
        return 2, rest
    if cursor.word in ("a", "an"):
        return 1, cursor.on()
    number = cursor.number if cursor.number is not None else NUMBERS.get(cursor.word)
    return (min(number, _TOO_MANY) if number else None), cursor.on()


def offset(cursor: Cursor, today: date) -> tuple[timedelta | Day, Cursor] | None:
    """`in 20 minutes`, `2 hours from now`, `in 3 days`, `a week from tomorrow`."""
    behind = cursor.take("in", "within", "due in")
    found = span(behind or cursor)
    if found is None:
        return None
    length, rest = found
    bases = (today,)
    if (later := rest.take("from now", "from today", "time")) is not None:
        rest = later
    elif (based := _based(length, rest, today)) is not None:
        bases, rest = based
    elif behind is None:
        return None
    total = length.clock + timedelta(days=length.days + 31 * length.months)
    if total > _FARTHEST:
        return Day((), problem=_TOO_FAR), rest
    if length.clock:
        return length.clock, rest
    days = timedelta(days=length.days)
    return Day(tuple(month_after(base, length.months) + days for base in bases)), rest


def _based(length: Span, cursor: Cursor, today: date) -> tuple[tuple[date, ...], Cursor] | None:
    """The days that a span is counted from, when it is not today."""
    behind = cursor.take("from", "on", "after")
    found = day(behind, today) if behind is not None and not length.clock else None
    if found is None or found[0].problem is not None:
        return None
    return found[0].options, found[1]
