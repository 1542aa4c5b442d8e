"""Dates that are written out: 3 March, March 3rd, the 15th, 2026-12-24, 24.12., 24/12/2026."""

from datetime import date
from typing import Final

from tasks.chat.grammar.day_arithmetic import days_in, exists, month_after, named, next_numbered
from tasks.chat.grammar.present import Problem
from tasks.chat.grammar.tokens import Cursor
from tasks.chat.grammar.vocabulary import MONTHS, ORDINALS
from tasks.chat.understanding import Missing

_SUFFIXES: Final = ("st", "nd", "rd", "th")
_FOLLOWING: Final = frozenset({"at", "of", "by", "in", "around", "to"})
_CENTURY: Final = 2000
_NO_SUCH_DAY: Final = "There is no such day. Which one do you mean?"

Written = tuple[tuple[date, ...] | Problem, Cursor] | None


def written_date(cursor: Cursor, today: date, *, lead: bool) -> Written:
    """A written date here. Forms that are numbers only need a `lead` (on, by, due) before them."""
    for match in (_iso, _month_first, _day_first):
        if (found := match(cursor, today)) is not None:
            return found
    if (behind := cursor.take("in")) is not None:
        return _month_only(behind)
    if not lead:
        return None
    return _numbers(cursor, today) or _day_only(cursor, today) or _month_only(cursor)


def day_number(cursor: Cursor, *, suffixed: bool = False) -> tuple[int, Cursor] | None:
    """A day of the month: 3, 3rd, third; only the latter two when it must be `suffixed`."""
    if (number := cursor.number) is not None and 1 <= number <= 31:
        rest = cursor.on()
        if rest.token is not None and rest.token.glued and rest.word in _SUFFIXES:
            return number, rest.on()
        return None if suffixed else (number, rest)
    ordinal = ORDINALS.get(cursor.word)
    return (ordinal, cursor.on()) if ordinal is not None else None


def _dated(year: int | None, month: int, number: int, today: date, rest: Cursor) -> Written:
    if not exists(month, number):
        return Problem(Missing.DATE, _NO_SUCH_DAY), rest
    if year is None:
        return (named(month, number, today),), rest
    try:
        found = date(year, month, number)
    except ValueError:
        return Problem(Missing.DATE, _NO_SUCH_DAY), rest
    if found < today:
        return Problem(Missing.DATE, "That day is over. Which day do you mean?"), rest
    return (found,), rest


def _year(cursor: Cursor) -> tuple[int, Cursor] | None:
    rest = cursor.skip(",")
    number = rest.number
    if number is None or len(rest.word) != 4 or not 1900 <= number < 2200:
        return None
    return number, rest.on()


def _iso(cursor: Cursor, today: date) -> Written:
    words = [cursor.on(step) for step in range(5)]
    if [words[1].word, words[3].word] != ["-", "-"] or len(cursor.word) != 4:
        return None
    year, month, number = cursor.number, words[2].number, words[4].number
    if year is None or month is None or number is None:
        return None
    return _dated(year, month, number, today, cursor.on(5).skip("t"))


def _month_first(cursor: Cursor, today: date) -> Written:
    month = MONTHS.get(cursor.word)
    if month is None:
        return None
    rest = cursor.on()
    found = day_number(rest.skip(".").skip("the"))
    if found is None or (found[1].word in (":", "%") and found[1].token is not None):
        return None
    number, rest = found
    year = _year(rest)
    return _dated(year[0] if year else None, month, number, today, year[1] if year else rest)


def _day_first(cursor: Cursor, today: date) -> Written:
    found = day_number(cursor.skip("the"))
    if found is None:
        return None
    number, rest = found
    rest = rest.skip(".")
    if (behind := rest.skip("of").take("next month")) is not None:
        first = month_after(today.replace(day=1), 1)
        if number > days_in(first):
            return Problem(Missing.DATE, _NO_SUCH_DAY), behind
        return (first.replace(day=number),), behind
    month = MONTHS.get(rest.skip("of").word)
    if month is None or (cursor.word in ORDINALS and rest.word != "of"):
        return None
    rest = rest.skip("of").on().skip(".")
    year = _year(rest)
    return _dated(year[0] if year else None, month, number, today, year[1] if year else rest)


def _numbers(cursor: Cursor, today: date) -> Written:
    sign, second = cursor.on(), cursor.on(2)
    one, two = cursor.number, second.number
    if sign.word not in ("/", ".") or one is None or two is None:
        return None
    rest = cursor.on(3)
    year: int | None = None
    if rest.word == sign.word and rest.token is not None and rest.token.glued:
        rest = rest.on()
        if rest.number is not None and rest.token is not None and rest.token.glued:
            year = rest.number if len(rest.word) == 4 else _CENTURY + rest.number
            rest = rest.on()
    elif sign.word == ".":
        # 5.30 is a time, 5.30. is a date.
        return None
    if sign.word == "." or one > 12:
        return _dated(year, two, one, today, rest)
    if two > 12 or one == two:
        return _dated(year, one, two, today, rest)
    readings = [_dated(year, *each, today, rest) for each in ((two, one), (one, two))]
    dates = [each[0] for each in readings if each and isinstance(each[0], tuple)]
    if not dates:
        return readings[0]
    return tuple(each for found in dates for each in found), rest


def _day_only(cursor: Cursor, today: date) -> Written:
    found = day_number(cursor.skip("the"), suffixed=True)
    if found is None or cursor.word in ORDINALS:
        return None
    number, rest = found
    if rest.word.isalpha() and rest.word not in _FOLLOWING and cursor.on().word in ORDINALS:
        # "on the second floor"
        return None
    rest = rest.skip("of this month", "of the month")
    return (next_numbered(number, today),), rest


def _month_only(cursor: Cursor) -> Written:
    if cursor.word not in MONTHS:
        return None
    year = _year(cursor.on())
    return Problem(Missing.DATE, "Which day of that month?"), year[1] if year else cursor.on()
