"""Dates: named, counted from today, or written out. Each reading lies in the future or is told."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

from tasks.chat.grammar.day_arithmetic import days_in, month_after, named, next_named
from tasks.chat.grammar.present import Problem
from tasks.chat.grammar.tokens import Cursor
from tasks.chat.grammar.vocabulary import HOLIDAYS, SHORT_WEEKDAYS, WEEKDAYS
from tasks.chat.grammar.written_dates import day_number, written_date
from tasks.chat.understanding import Missing

_LEADS: Final = (
    *("due on", "due by", "due for", "due", "on", "by", "before", "for", "no later than"),
)
_WEEK: Final = timedelta(days=7)
END_OF_DAY: Final = time(18)


@dataclass(frozen=True, slots=True)
class Day:
    """The readings of a date. `weekday` is set when that is how it was said."""

    options: tuple[date, ...]
    weekday: int | None = None
    default: time | None = None
    problem: Problem | None = None


Found = tuple[Day, Cursor] | None


def day(cursor: Cursor, today: date, *, introduced: bool = False) -> Found:
    """A date here: `tomorrow`, `on friday`, `by the 3rd of may`, `2026-12-24`."""
    behind = cursor.take(*_LEADS)
    start = (behind or cursor).skip("this coming")
    lead = introduced or behind is not None
    for match in (_named, _week_and_month, _ends):
        if (found := match(start, today)) is not None:
            return _one_of_several(found, today)
    if (found := _weekday(start, today, lead=lead)) is not None:
        return _one_of_several(found, today)
    if lead and (found := _holiday(start, today)) is not None:
        return found
    written = written_date(start, today, lead=lead)
    if written is None:
        return None
    options, rest = written
    if isinstance(options, Problem):
        return _problem(options, rest)
    return _one_of_several((Day(options), rest), today)


def _problem(problem: Problem, rest: Cursor) -> Found:
    return Day((), problem=problem), rest


def _which(text: str) -> Problem:
    return Problem(Missing.DATE, text)


def _named(cursor: Cursor, today: date) -> Found:
    for phrases, offset in (
        (("today",), 0),
        (("the day after tomorrow", "day after tomorrow", "overmorrow"), 2),
        (("tomorrow", "tmrw", "tmr", "tomorow", "tommorow", "tommorrow"), 1),
    ):
        if (rest := cursor.take(*phrases)) is not None:
            return Day((today + timedelta(days=offset),)), rest
    if (rest := cursor.take("yesterday", "the day before yesterday")) is not None:
        return _problem(_which("That day is over. Which day do you mean?"), rest)
    return None


def _week_and_month(cursor: Cursor, today: date) -> Found:
    monday = today - timedelta(days=today.weekday()) + _WEEK
    if (rest := cursor.take("next week")) is not None:
        inner = rest.skip("on")
        if (number := WEEKDAYS.get(inner.word)) is not None:
            return Day((monday + timedelta(days=number),), number), inner.on()
        return _problem(_which("Which day of next week?"), rest)
    if (rest := cursor.take("this weekend", "the weekend", "at the weekend")) is not None:
        return Day((next_named(5, today), next_named(6, today))), rest
    for phrases, text in (
        (("this week", "later this week", "next weekend"), "Which day do you mean?"),
        (("next month", "this month", "later this month"), "Which day of the month?"),
        (("next year", "this year"), "Which day of the year?"),
        (("soon", "later", "sometime", "some day", "someday", "one day"), "On which day?"),
    ):
        if (rest := cursor.take(*phrases)) is not None:
            return _problem(_which(text), rest)
    return None


def _ends(cursor: Cursor, today: date) -> Found:
    start = cursor.skip("at the very", "at the", "the very", "the")
    if (rest := start.take("end of the day", "end of day", "eod", "close of business")) is not None:
        return Day((today,), default=END_OF_DAY), rest
    for words, following in (("end of", False), ("last day of", False), ("first day of", True)):
        rest = start.take(words)
        if rest is None:
            continue
        if (behind := rest.take("next month")) is not None:
            month = month_after(today, 1)
        elif (behind := rest.take("the month", "this month", "month")) is not None:
            month = month_after(today, 1) if following else today
        else:
            return _other_end(rest, today)
        return Day((month.replace(day=1 if following else days_in(month)),)), behind
    return None


def _other_end(cursor: Cursor, today: date) -> Found:
    if (rest := cursor.take("the year", "this year", "year")) is not None:
        return Day((date(today.year, 12, 31),)), rest
    if (rest := cursor.take("the week", "this week", "week")) is not None:
        monday = today - timedelta(days=today.weekday())
        return Day((monday + timedelta(days=4), monday + timedelta(days=6))), rest
    return None


def _weekday(cursor: Cursor, today: date, *, lead: bool) -> Found:
    qualified = cursor.take("this", "coming", "the coming", "next", "last")
    name = (qualified or cursor).word
    number = WEEKDAYS.get(name)
    if number is None or (name in SHORT_WEEKDAYS and not lead and qualified is None):
        return None
    rest = (qualified or cursor).on()
    if rest.word == "." and name in SHORT_WEEKDAYS:
        rest = rest.on()
    if cursor.word == "last":
        return _problem(_which("That day is over. Which day do you mean?"), rest)
    coming = next_named(number, today)
    if (behind := rest.take("next week")) is not None:
        monday = today - timedelta(days=today.weekday()) + _WEEK
        return Day((monday + timedelta(days=number),), number), behind
    if cursor.word == "next":
        # Said on a Monday, "next Friday" is this week's to some people and next week's to others.
        in_next_week = today - timedelta(days=today.weekday()) + _WEEK + timedelta(days=number)
        return Day(tuple(dict.fromkeys((coming, in_next_week))), number), rest
    if coming == today + _WEEK:
        return Day((today, coming), number), rest
    return Day((coming,), number), rest


def _holiday(cursor: Cursor, today: date) -> Found:
    for phrase, (month, number) in HOLIDAYS.items():
        if (rest := cursor.take(phrase)) is not None:
            return Day((named(month, number, today),)), rest
    return None


def _one_of_several(found: tuple[Day, Cursor], today: date) -> Found:
    _, rest = found
    for behind in _after_joint(rest):
        more = day(behind, today, introduced=True)
        if more is not None:
            return _problem(_which("I can take one date. Which one is it?"), more[1])
    return found


def _after_joint(rest: Cursor) -> Iterator[Cursor]:
    behind = rest.take("and", "or", "to", "-", "through", "until")
    if behind is not None and (behind.word in WEEKDAYS or day_number(behind.skip("the"))):
        yield behind
