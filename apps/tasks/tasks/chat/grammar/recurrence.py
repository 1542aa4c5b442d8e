"""What comes again: `every second friday`, `on the 1st of each month`, `weekdays`, `yearly`."""

from dataclasses import dataclass, replace
from typing import Final

from tasks.chat.grammar.clock import Daypart
from tasks.chat.grammar.day_arithmetic import exists
from tasks.chat.grammar.month_positions import Reading, month_positions
from tasks.chat.grammar.present import Problem
from tasks.chat.grammar.rules import Frequency, Rule
from tasks.chat.grammar.tokens import Cursor
from tasks.chat.grammar.vocabulary import HOLIDAYS, MONTHS, NUMBERS, ORDINALS
from tasks.chat.grammar.weekdays import WEEKEND, WORKING, plural_weekdays, weekdays
from tasks.chat.grammar.written_dates import day_number
from tasks.chat.understanding import Missing

_UNITS: Final = {
    **dict.fromkeys(("hour", "hours", "hrs"), Rule(Frequency.HOURLY)),
    **dict.fromkeys(("day", "days"), Rule(Frequency.DAILY)),
    **dict.fromkeys(("week", "weeks"), Rule(Frequency.WEEKLY)),
    **dict.fromkeys(("fortnight", "fortnights"), Rule(Frequency.WEEKLY, 2)),
    **dict.fromkeys(("month", "months"), Rule(Frequency.MONTHLY)),
    **dict.fromkeys(("quarter", "quarters"), Rule(Frequency.MONTHLY, 3)),
    **dict.fromkeys(("year", "years"), Rule(Frequency.YEARLY)),
}
_ADVERBS: Final = {
    **dict.fromkeys(("hourly", "once an hour"), Rule(Frequency.HOURLY)),
    **dict.fromkeys(("daily", "once a day", "once per day"), Rule(Frequency.DAILY)),
    **dict.fromkeys(("weekly", "once a week", "once per week"), Rule(Frequency.WEEKLY)),
    **dict.fromkeys(("fortnightly", "once a fortnight"), Rule(Frequency.WEEKLY, 2)),
    **dict.fromkeys(("monthly", "once a month", "once per month"), Rule(Frequency.MONTHLY)),
    **dict.fromkeys(("quarterly", "once a quarter"), Rule(Frequency.MONTHLY, 3)),
    **dict.fromkeys(("yearly", "annually", "once a year", "per year"), Rule(Frequency.YEARLY)),
}
_UNCLEAR: Final = {
    **dict.fromkeys(
        ("biweekly", "bi - weekly"), "Is that every two weeks, or twice a week? On which days?"
    ),
    **dict.fromkeys(
        ("bimonthly", "bi - monthly"), "Is that every two months, or twice a month? On which days?"
    ),
    **dict.fromkeys(("twice a week", "two times a week", "several times a week"), "On which days?"),
    **dict.fromkeys(("three times a week", "3 times a week"), "On which days?"),
    **dict.fromkeys(("twice a month", "twice a year", "semi - annually"), "On which days?"),
    **dict.fromkeys(("regularly", "repeatedly", "from time to time"), "How often, and when?"),
    **dict.fromkeys(("every now and then", "every so often", "every few days"), "How often?"),
}
_DAYPARTS: Final = {part.value: part for part in Daypart}
_MONTH: Final = ("of the month", "of each month", "of every month", "of a month", "in the month")
_TOO_OFTEN: Final = Problem(
    Missing.SCHEDULE, "Once an hour is the most often. How often shall it be?"
)
_EXCEPT: Final = ("except on", "except for", "except", "but not on", "but not")
_MOST: Final = 99


@dataclass(frozen=True, slots=True)
class Repeat:
    """The readings of a recurrence; it wants `times` times of day when that is more than 1."""

    readings: tuple[Reading, ...]
    part: Daypart | None = None
    times: int = 1
    problem: Problem | None = None


Found = tuple[Repeat, Cursor] | None


def repeat(cursor: Cursor) -> Found:
    """A recurrence here."""
    start = cursor.skip("on", "repeating", "recurring")
    if (adverb := _adverb(start)) is not None:
        return adverb
    every = start.take("every single", "each and every", "every", "each")
    if every is not None:
        return _every(every)
    if (named := plural_weekdays(start)) is not None:
        return _one(Rule(Frequency.WEEKLY, weekdays=named[0]), named[1])
    return _anchored(start)


def _adverb(start: Cursor) -> Found:
    for phrase, text in _UNCLEAR.items():
        if (rest := start.take(phrase)) is not None:
            return Repeat((), problem=Problem(Missing.SCHEDULE, text)), rest
    if (rest := start.take("twice a day", "twice daily", "two times a day")) is not None:
        return Repeat((Reading(Rule(Frequency.DAILY)),), times=2), rest
    if (rest := start.take("nightly")) is not None:
        return Repeat((Reading(Rule(Frequency.DAILY)),), Daypart.NIGHT), rest
    for phrase, rule in _ADVERBS.items():
        if (rest := start.take(phrase)) is not None:
            return _qualified(rule, rest)
    return None


def _one(rule: Rule, rest: Cursor) -> Found:
    return Repeat((Reading(rule),)), rest


def _every(cursor: Cursor) -> Found:
    interval, rest = _interval(cursor)
    if (found := _unit(interval, rest)) is not None:
        return found
    weekly = interval in (1, 2) and cursor.word not in ("first", "1") and not _in_month(cursor)
    if weekly and (named := weekdays(rest)) is not None:
        return _one(Rule(Frequency.WEEKLY, interval, weekdays=named[0]), named[1])
    if (yearly := _of_year(cursor)) is not None:
        return yearly
    if (found := month_positions(cursor)) is not None:
        return _in_a_month(found[0], found[1], interval)
    return None


def _interval(cursor: Cursor) -> tuple[int, Cursor]:
    if (rest := cursor.take("other")) is not None:
        return 2, rest
    if (found := day_number(cursor, suffixed=True)) is not None:
        return found
    number = cursor.number if cursor.number is not None else NUMBERS.get(cursor.word)
    return (number, cursor.on()) if number else (1, cursor)


def _unit(interval: int, cursor: Cursor) -> Found:
    word, rest = cursor.word, cursor.on()
    if word in ("minute", "minutes", "min", "mins", "second", "seconds") or interval > _MOST:
        return Repeat((), problem=_TOO_OFTEN), rest
    if word in _DAYPARTS:
        return Repeat((Reading(Rule(Frequency.DAILY, interval)),), _DAYPARTS[word]), rest
    working = cursor.take("weekday", "workday", "working day", "business day", "work day")
    if working is not None and interval == 1 and working.take(*_MONTH) is None:
        return _one(Rule(Frequency.WEEKLY, weekdays=WORKING), working)
    if (weekend := cursor.take("weekend")) is not None:
        return _one(Rule(Frequency.WEEKLY, interval, weekdays=WEEKEND), weekend)
    rule = _UNITS.get(word)
    if rule is None or (word == "day" and rest.take(*_MONTH) is not None):
        return None
    return _qualified(replace(rule, interval=rule.interval * interval), rest)


def _qualified(rule: Rule, cursor: Cursor) -> Found:
    behind = cursor.take("on", "in") or cursor
    if rule.frequency is Frequency.DAILY and (rest := cursor.take(*_EXCEPT)) is not None:
        left_out = weekdays(rest) or ((WEEKEND, rest.on()) if rest.word == "weekends" else None)
        if left_out is not None and rule.interval == 1:
            kept = tuple(day for day in range(7) if day not in left_out[0])
            return _one(Rule(Frequency.WEEKLY, weekdays=kept), left_out[1])
    if rule.frequency is Frequency.WEEKLY:
        named = weekdays(behind) or plural_weekdays(behind)
        if named is not None:
            return _one(replace(rule, weekdays=named[0]), named[1])
    if rule.frequency is Frequency.MONTHLY and (found := month_positions(behind)) is not None:
        return _in_a_month(found[0], found[1], 1, rule.interval)
    if rule.frequency is Frequency.YEARLY and (yearly := _of_year(behind)) is not None:
        readings = tuple(
            replace(each, rule=replace(each.rule, interval=rule.interval))
            for each in yearly[0].readings
        )
        return replace(yearly[0], readings=readings), yearly[1]
    return _one(rule, cursor)


def _in_month(cursor: Cursor) -> bool:
    found = month_positions(cursor)
    return found is not None and found[1].take(*_MONTH) is not None


def _in_a_month(
    readings: tuple[Reading, ...], cursor: Cursor, said: int, interval: int = 1
) -> Found:
    rest = cursor.take(*_MONTH)
    monthly = tuple(replace(each, rule=replace(each.rule, interval=interval)) for each in readings)
    first = readings[0].rule
    if rest is None and said > 2 and first.weekdays and first.any_weekday_at is None:
        # "every third thursday": each third one, or the third one of each month?
        weekly = Rule(Frequency.WEEKLY, said, weekdays=first.weekdays)
        label = f"number {said} of each month"
        return (
            Repeat((Reading(weekly, f"every {said} weeks"), replace(monthly[0], label=label))),
            cursor,
        )
    return Repeat(monthly), rest or cursor


def _anchored(cursor: Cursor) -> Found:
    """`the first monday of every month`, `the 15th of each month`."""
    found = month_positions(cursor)
    if found is None:
        return None
    behind = found[1].take("of every", "of each", "every", "each")
    if behind is None:
        return None
    interval, rest = _interval(behind)
    rule = _UNITS.get(rest.word)
    if rule is None or rule.frequency is not Frequency.MONTHLY:
        return None
    return _in_a_month(found[0], rest.on(), 1, rule.interval * interval)


def _of_year(cursor: Cursor) -> Found:
    start = cursor.skip("the")
    for phrase, (month, number) in HOLIDAYS.items():
        if (rest := start.take(phrase)) is not None:
            return _one(Rule(Frequency.YEARLY, month=month, month_days=(number,)), rest)
    if (month := MONTHS.get(start.word)) is not None:
        found = day_number(start.on().skip("the"))
        if found is None:
            return _one(Rule(Frequency.YEARLY, month=month), start.on())
        return yearly_on(month, found[0], found[1])
    found = day_number(start)
    if found is None:
        return None
    month = MONTHS.get(found[1].skip("of").word)
    if month is None or (start.word in ORDINALS and found[1].word != "of"):
        return None
    return yearly_on(month, found[0], found[1].skip("of").on())


def yearly_on(month: int, number: int, rest: Cursor) -> Found:
    """A yearly rule on this day; 29 February is asked about."""
    if not exists(month, number):
        return Repeat((), problem=Problem(Missing.SCHEDULE, "There is no such day.")), rest
    rule = Rule(Frequency.YEARLY, month=month, month_days=(number,))
    if (month, number) != (2, 29):
        return _one(rule, rest)
    last = replace(rule, month_days=(-1,))
    return (
        Repeat((Reading(last, "on the last day of February"), Reading(rule, "in leap years"))),
        rest,
    )
