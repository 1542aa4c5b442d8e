"""Times of day. Without am or pm: 1 to 6 are afternoon, 7 to 11 as said, and 12 alone is asked."""

from dataclasses import dataclass, replace
from datetime import time
from enum import StrEnum
from typing import Final

from tasks.chat.grammar.present import Problem
from tasks.chat.grammar.tokens import Cursor
from tasks.chat.grammar.vocabulary import NUMBERS, words
from tasks.chat.understanding import Missing

_NOON: Final = 12
_LAST_BARE_AFTERNOON: Final = 6
_QUARTERS: Final = (
    *(("half past", 30), ("quarter past", 15), ("a quarter past", 15)),
    *(("quarter to", -15), ("a quarter to", -15)),
)
_UNITS: Final = frozenset(["%", "/", "-", ".", "x"])
_ZONES: Final = frozenset(words("utc gmt z est edt cst cdt mst mdt pst pdt cet cest bst ist jst"))
_FOREIGN: Final = Problem(
    Missing.TIME, "I take times in your own time zone. What is that time where you are?"
)
_UNSURE: Final = Problem(Missing.TIME, "Is that a time? Please say it with am or pm.")
_SPAN: Final = Problem(Missing.TIME, "I can take one time, not a span. Which one is it?")


class Daypart(StrEnum):
    """A part of the day that is named and not measured."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"
    NIGHT = "night"


USUAL: Final = {
    Daypart.MORNING: time(9),
    Daypart.AFTERNOON: time(15),
    Daypart.EVENING: time(19),
    Daypart.NIGHT: time(20),
}
_HOURS: Final = {
    Daypart.MORNING: range(12),
    Daypart.AFTERNOON: range(12, 19),
    Daypart.EVENING: range(16, 24),
    Daypart.NIGHT: range(18, 24),
}


@dataclass(frozen=True, slots=True)
class Clock:
    """The readings of a time of day; `bare` without am, pm or a 24-hour form."""

    times: tuple[time, ...]
    bare: bool = False
    midnight: bool = False
    problem: Problem | None = None


def within(clock: Clock, part: Daypart) -> Clock:
    """The readings of `clock` that lie in this part of the day."""
    hours = _HOURS[part]
    if clock.bare:
        first = clock.times[0]
        both = (first.hour % _NOON, first.hour % _NOON + _NOON)
        found = tuple(first.replace(hour=hour) for hour in both if hour in hours)
        if part in (Daypart.EVENING, Daypart.NIGHT) and not first.hour % _NOON:
            return replace(clock, times=(first.replace(hour=0),), bare=False, midnight=True)
        if found and (first.hour % _NOON or part is Daypart.AFTERNOON):
            return replace(clock, times=found, bare=False)
        return replace(clock, times=tuple(first.replace(hour=hour) for hour in both))
    if all(each.hour in hours for each in clock.times):
        return clock
    text = f"{clock.times[0]:%H:%M} is not in the {part}. Which time do you mean?"
    return replace(clock, problem=Problem(Missing.TIME, text))


def clock(cursor: Cursor, *, introduced: bool = False) -> tuple[Clock, Cursor] | None:
    """A time of day here: `at 9`, `9:30 pm`, `noon`, `quarter to five`.

    A number alone is a time only behind `at`, or when `introduced`.
    """
    if (lead := cursor.take("from", "between")) is not None:
        return _only_span(lead)
    behind = cursor.take("at about", "at around", "at", "@")
    unsure = None if behind else cursor.take("by", "before", "around")
    start = behind or unsure or cursor
    found = _named(start) or _measured(start, bare=introduced or behind is not None)
    if found is None and unsure is not None and (guess := _measured(start, bare=True)):
        found = replace(guess[0], problem=_UNSURE), guess[1]
    if found is None:
        return None
    reading, rest = found
    rest = rest.skip("sharp", "exactly")
    zone = rest.skip("(")
    if zone.word in _ZONES:
        return replace(reading, problem=_FOREIGN), zone.on().skip(")")
    return _span(reading, rest)


def _only_span(cursor: Cursor) -> tuple[Clock, Cursor] | None:
    found = _measured(cursor, bare=True)
    spanned = _span(*found, "and") if found else None
    return spanned if spanned and spanned[0].problem else None


def clocks(cursor: Cursor) -> tuple[tuple[Clock, ...], Cursor] | None:
    """One or several times: `at 9 and 17:00`."""
    found = clock(cursor)
    if found is None:
        return None
    several, rest = [found[0]], found[1]
    while (behind := rest.take(", and", "and", ",", "&")) is not None:
        more = clock(behind, introduced=True)
        if more is None:
            break
        several.append(more[0])
        rest = more[1]
    return tuple(several), rest


def _named(cursor: Cursor) -> tuple[Clock, Cursor] | None:
    if (rest := cursor.take("noon", "midday", "lunchtime")) is not None:
        return Clock((time(_NOON),)), rest
    if (rest := cursor.take("midnight")) is not None:
        return Clock((time(0),), midnight=True), rest
    for phrase, minutes in _QUARTERS:
        if (rest := cursor.take(phrase)) is not None:
            return _past(rest, minutes)
    minutes = _number(cursor)
    if minutes is not None and minutes < 60 and minutes % 5 == 0:
        for word, sign in (("past", 1), ("to", -1)):
            rest = cursor.on().skip("minutes", "min").take(word)
            if rest is not None:
                return _past(rest, sign * minutes)
    return None


def _past(cursor: Cursor, minutes: int) -> tuple[Clock, Cursor] | None:
    hour = _number(cursor)
    if hour is None or not 0 < hour <= _NOON:
        return None
    rest = cursor.on()
    half = _half(rest)
    behind = half[1] if half else rest.skip("o'clock")
    total = ((hour % _NOON if half else hour) * 60 + minutes) % (24 * 60)
    said = time(total // 60, total % 60)
    if half:
        return Clock((said.replace(hour=said.hour % _NOON + half[0]),)), behind
    return _bare(said.hour or _NOON, said.minute), behind


def _measured(cursor: Cursor, *, bare: bool) -> tuple[Clock, Cursor] | None:
    hour = _number(cursor)
    if hour is None or hour > 24:
        return None
    minute, exact, rest = _minutes(cursor.on())
    half = _half(rest)
    if half is not None:
        within_half = 0 < hour <= _NOON
        return (Clock((time(hour % _NOON + half[0], minute),)), half[1]) if within_half else None
    behind = rest.take("o'clock")
    in_hours = rest.word == "h" and rest.token is not None and rest.token.glued
    rest = behind or (rest.on() if in_hours else rest)
    told = bare or exact or behind is not None or in_hours
    if not told or hour == 24 or _counts(rest):
        return None
    if in_hours or cursor.word.startswith("0") or hour > _NOON or hour == 0:
        return Clock((time(hour, minute),)), rest
    return _bare(hour, minute), rest


def _minutes(cursor: Cursor) -> tuple[int, bool, Cursor]:
    """The minutes behind an hour, whether they were told from it by a colon, and the rest."""
    following = cursor.on().token
    if cursor.word not in (":", ".") or following is None or not following.glued:
        return 0, False, cursor
    if len(following.word) != 2 or following.number is None or following.number >= 60:
        return 0, False, cursor
    return following.number, cursor.word == ":", cursor.on(2)


def _bare(hour: int, minute: int) -> Clock:
    if hour == _NOON and minute == 0:
        return Clock((time(_NOON), time(0)), bare=True)
    return Clock((time(hour + _NOON if hour <= _LAST_BARE_AFTERNOON else hour, minute),), bare=True)


def _half(cursor: Cursor) -> tuple[int, Cursor] | None:
    for letter, offset in (("a", 0), ("p", _NOON)):
        rest = cursor.take(f"{letter}m", f"{letter} . m .", f"{letter} . m")
        if rest is not None:
            return offset, rest
    return None


def _counts(cursor: Cursor) -> bool:
    # "at 50%", "at 3.5": the number belongs to something else.
    return cursor.word in _UNITS and cursor.token is not None and cursor.token.glued


def _number(cursor: Cursor) -> int | None:
    return cursor.number if cursor.number is not None else NUMBERS.get(cursor.word)


def _span(reading: Clock, rest: Cursor, *joints: str) -> tuple[Clock, Cursor]:
    behind = rest.take("to", "until", "till", "-", *joints)
    more = _measured(behind, bare=True) if behind is not None else None
    if more is None:
        return reading, rest
    return replace(reading, problem=_SPAN), more[1]
