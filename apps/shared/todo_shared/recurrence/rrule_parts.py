"""The parts of an RRULE, read and checked against the rules of RFC 5545."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import Final, TypeVar

from todo_shared.recurrence.errors import RecurrenceError
from todo_shared.recurrence.limits import SILENT_YEARS
from todo_shared.recurrence.local_rule import End

WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MAX_COUNT: Final = 10_000
_INTEGER: Final = re.compile(r"[+-]?\d{1,6}", re.ASCII)
_BY_DAY: Final = re.compile(rf"([+-]?\d{{1,2}})?({'|'.join(WEEKDAYS)})", re.ASCII)
_UNTIL: Final = re.compile(r"(\d{8})(?:T(\d{4})[0-5]\d(Z?))?", re.ASCII)

T = TypeVar("T")


class Frequency(StrEnum):
    """What one period of the rule is."""

    HOURLY = "HOURLY"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


PERIODS: Final = {
    Frequency.HOURLY: SILENT_YEARS * 8766,
    Frequency.DAILY: SILENT_YEARS * 365,
    Frequency.WEEKLY: SILENT_YEARS * 52,
    Frequency.MONTHLY: SILENT_YEARS * 12,
    Frequency.YEARLY: SILENT_YEARS,
}


@dataclass(frozen=True, slots=True)
class ByDay:
    """A weekday (0 is Monday), or the nth of a month or year when `nth` is not 0."""

    weekday: int
    nth: int = 0


@dataclass(frozen=True, slots=True)
class RRuleParts:
    """One RRULE, as written: empty tuples stand for parts that are not there."""

    frequency: Frequency
    interval: int = 1
    end: End = field(default_factory=End)
    months: tuple[int, ...] = ()
    week_numbers: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    days: tuple[ByDay, ...] = ()
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0


def parse_rrule(rule: str) -> RRuleParts:
    """Raises RecurrenceError."""
    values = _values(rule)
    frequency = _frequency(values.pop("FREQ", ""))
    end = _end(values)
    parts = RRuleParts(
        frequency=frequency,
        interval=_interval(values.pop("INTERVAL", "1"), frequency),
        end=end,
        months=_integers(values, "BYMONTH", 1, 12),
        week_numbers=_integers(values, "BYWEEKNO", 1, 53, signed=True),
        year_days=_integers(values, "BYYEARDAY", 1, 366, signed=True),
        month_days=_integers(values, "BYMONTHDAY", 1, 31, signed=True),
        days=_list(values, "BYDAY", _by_day),
        hours=_integers(values, "BYHOUR", 0, 23),
        minutes=_integers(values, "BYMINUTE", 0, 59),
        positions=_integers(values, "BYSETPOS", 1, 366, signed=True),
        week_start=_week_start(values.pop("WKST", "MO")),
    )
    if _integers(values, "BYSECOND", 0, 59) not in ((), (0,)):
        raise _error("BYSECOND", "occurrences fall on whole minutes", "leave it out")
    for name in values:
        raise _unknown(name)
    _check_combinations(parts)
    return parts


def _values(rule: str) -> dict[str, str]:
    text = rule.strip().upper()
    if len(text.splitlines()) > 1 or text.count("FREQ=") > 1:
        raise _error("RRULE", "holds more than one line or rule", "make one recurrence per rule")
    values: dict[str, str] = {}
    for part in text.removeprefix("RRULE:").split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or not name:
            raise _error("RRULE", f"{part!r} is not NAME=VALUE", "write FREQ=WEEKLY;BYDAY=MO")
        if name in values:
            raise _error(name, "is there twice", "write it once, with a list")
        values[name] = value
    return values


def _unknown(name: str) -> RecurrenceError:
    if name in ("SKIP", "RSCALE"):
        return _error(name, "is not supported", "use the short_month policy of the recurrence")
    if name.startswith(("DTSTART", "EXDATE", "RDATE", "EXRULE")):
        return _error(name, "is not part of an RRULE", "give the start beside the rule")
    return _error(name, "is not a part of an RRULE", "see RFC 5545, section 3.3.10")


def _frequency(value: str) -> Frequency:
    if value in ("MINUTELY", "SECONDLY"):
        raise _error("FREQ", f"{value} is too frequent", "use HOURLY with BYMINUTE")
    try:
        return Frequency(value)
    except ValueError as error:
        problem = f"{value!r} is not a frequency" if value else "is missing"
        raise _error("FREQ", problem, f"use one of {', '.join(Frequency)}") from error


def _interval(value: str, frequency: Frequency) -> int:
    longest = PERIODS[frequency]
    return _integer("INTERVAL", value, 1, longest)


def _integer(name: str, value: str, low: int, high: int, *, signed: bool = False) -> int:
    number = int(value) if _INTEGER.fullmatch(value) else None
    allowed = number is not None and low <= (abs(number) if signed else number) <= high
    if number is None or not allowed:
        span = f"{low} to {high}" + (f" or -{high} to -{low}" if signed else "")
        raise _error(name, f"{value!r} is out of range", f"use {span}")
    return number


def _integers(
    values: dict[str, str], name: str, low: int, high: int, *, signed: bool = False
) -> tuple[int, ...]:
    return tuple(
        sorted(_list(values, name, lambda item: _integer(name, item, low, high, signed=signed)))
    )


def _list(values: dict[str, str], name: str, read: Callable[[str], T]) -> tuple[T, ...]:
    text = values.pop(name, "")
    return tuple(dict.fromkeys(read(item) for item in text.split(","))) if text else ()


def _by_day(item: str) -> ByDay:
    found = _BY_DAY.fullmatch(item)
    if found is None or (found[1] and not 1 <= abs(int(found[1])) <= 53):
        raise _error("BYDAY", f"{item!r} is not a weekday", "use MO to SU, or 2MO, -1FR")
    return ByDay(WEEKDAYS.index(found[2]), int(found[1] or 0))


def _week_start(value: str) -> int:
    if value not in WEEKDAYS:
        raise _error("WKST", f"{value!r} is not a weekday", "use MO to SU")
    return WEEKDAYS.index(value)


def _end(values: dict[str, str]) -> End:
    count, until = values.pop("COUNT", ""), values.pop("UNTIL", "")
    if count and until:
        raise _error("UNTIL", "stands beside COUNT", "keep one of the two")
    if count:
        return End(count=_integer("COUNT", count, 1, MAX_COUNT))
    return _until(until) if until else End()


def _until(value: str) -> End:
    found = _UNTIL.fullmatch(value)
    try:
        moment = datetime.strptime(f"{found[1]}{found[2] or '0000'}" if found else "", "%Y%m%d%H%M")
    except ValueError as error:
        raise _error(
            "UNTIL", f"{value!r} is not a date", "write 20261231 or 20261231T090000Z"
        ) from error
    if found and not found[2]:
        return End(local=datetime.combine(moment, time.max))
    if found and found[3]:
        return End(instant=moment.replace(tzinfo=UTC))
    return End(local=moment)


def _check_combinations(parts: RRuleParts) -> None:
    """The combinations RFC 5545 forbids, or leaves without a meaning."""
    yearly = parts.frequency is Frequency.YEARLY
    by_rule = bool(parts.months or parts.week_numbers or parts.year_days or parts.month_days)
    by_rule = by_rule or bool(parts.days or parts.hours or parts.minutes)
    numbered = any(day.nth for day in parts.days)
    if parts.week_numbers and not yearly:
        raise _error("BYWEEKNO", f"does not go with {parts.frequency}", "use FREQ=YEARLY")
    if parts.year_days and not yearly and parts.frequency is not Frequency.HOURLY:
        raise _error("BYYEARDAY", f"does not go with {parts.frequency}", "use FREQ=YEARLY")
    if parts.month_days and parts.frequency is Frequency.WEEKLY:
        raise _error("BYMONTHDAY", "does not go with WEEKLY", "use FREQ=MONTHLY")
    if numbered and (not yearly and parts.frequency is not Frequency.MONTHLY):
        raise _error("BYDAY", f"numbers do not go with {parts.frequency}", "use FREQ=MONTHLY")
    if parts.positions and parts.week_numbers:
        raise _error("BYSETPOS", "does not go with BYWEEKNO", "name the week and the weekday")
    if numbered and parts.week_numbers:
        raise _error("BYDAY", "numbers do not go with BYWEEKNO", "leave the numbers out")
    if parts.hours and parts.frequency is Frequency.HOURLY and 24 % parts.interval:
        raise _error("BYHOUR", f"does not go with every {parts.interval} hours", "leave it out")
    if parts.positions and parts.frequency is Frequency.HOURLY:
        raise _error("BYSETPOS", "does not go with HOURLY", "list the minutes in BYMINUTE")
    if parts.positions and not by_rule:
        raise _error("BYSETPOS", "has nothing to choose from", "add another BY part, as BYDAY")


def _error(part: str, problem: str, remedy: str) -> RecurrenceError:
    where = part if part == "RRULE" else f"RRULE part {part}"
    return RecurrenceError(problem, where=where, remedy=remedy)
