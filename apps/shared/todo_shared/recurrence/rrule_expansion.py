"""The wall-clock times of RRULE parts, by dateutil, from anywhere and with a bound."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, Final, Literal

from dateutil import rrule as dateutil

from todo_shared.recurrence.months import widened_days
from todo_shared.recurrence.policies import ShortMonthPolicy
from todo_shared.recurrence.rrule_parts import PERIODS, ByDay, Frequency, RRuleParts
from todo_shared.recurrence.selection import selected
from todo_shared.recurrence.weeks import week_numbers

_FREQUENCIES: Final[Mapping[Frequency, Literal[0, 1, 2, 3, 4]]] = {
    Frequency.HOURLY: dateutil.HOURLY,
    Frequency.DAILY: dateutil.DAILY,
    Frequency.WEEKLY: dateutil.WEEKLY,
    Frequency.MONTHLY: dateutil.MONTHLY,
    Frequency.YEARLY: dateutil.YEARLY,
}
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


class _SearchEndedError(Exception):
    """So many periods held nothing that nothing is to be expected."""


class _CountingInterval(int):
    """An INTERVAL that counts the periods dateutil passes, because dateutil itself never gives up.

    It moves on by adding the interval once a period (a week: the interval times seven).
    """

    periods = 0
    most = 0

    def __radd__(self, other: int) -> int:
        self._count()
        return other + int(self)

    def __mul__(self, other: int) -> int:
        self._count()
        return int(self) * other

    def _count(self) -> None:
        self.periods += 1
        if self.periods > self.most:
            raise _SearchEndedError


def prepared(parts: RRuleParts, starts_at: datetime, policy: ShortMonthPolicy) -> RRuleParts:
    """The same times in parts that dateutil takes as they are meant.

    With no `hours`, there are no times.
    """
    if parts.frequency is Frequency.HOURLY and 24 % parts.interval == 0:
        # By the day, a search that finds nothing ends 24 times sooner.
        wanted = parts.hours or range(24)
        hours = (hour for hour in wanted if (hour - starts_at.hour) % parts.interval == 0)
        parts = replace(parts, frequency=Frequency.DAILY, interval=1, hours=tuple(hours))
    if parts.month_days and policy is not ShortMonthPolicy.SKIP:
        parts = replace(parts, month_days=tuple(widened_days(parts.month_days)))
    return replace(parts, days=_numbered(parts))


def _numbered(parts: RRuleParts) -> tuple[ByDay, ...]:
    """The weekdays; beside numbered ones, MO is written 1MO to 5MO.

    Of MO,1TU dateutil would keep the days that are both.
    """
    if not any(day.nth for day in parts.days):
        return parts.days
    by_month = parts.frequency is Frequency.MONTHLY or bool(parts.months)
    places = range(1, 6 if by_month else 54)
    plain = [day.weekday for day in parts.days if not day.nth]
    everyone = (ByDay(weekday, place) for weekday in plain for place in places)
    return (*(day for day in parts.days if day.nth), *everyone)


def times_of(parts: RRuleParts, starts_at: datetime, start: datetime) -> Iterator[datetime]:
    """The times at or after `start` of prepared parts, increasing, until 50 years hold none."""
    times = _by_dateutil(parts, starts_at, start)
    if not parts.week_numbers:
        return times
    # dateutil mistakes the number of a week that two years share.
    wanted = frozenset(parts.week_numbers)
    return selected(times, lambda time: not wanted.isdisjoint(week_numbers(time, parts.week_start)))


def _by_dateutil(parts: RRuleParts, starts_at: datetime, start: datetime) -> Iterator[datetime]:
    if parts.frequency is not Frequency.HOURLY and not parts.hours:
        return
    interval = _CountingInterval(parts.interval)
    interval.most = _most_empty_periods(parts)
    rule = dateutil.rrule(
        _FREQUENCIES[parts.frequency],
        dtstart=_first_period(parts, starts_at, start),
        interval=interval,
        wkst=parts.week_start,
        bysecond=(0,),
        **_by_parts(parts),
    )
    try:
        for moment in rule:
            interval.periods = 0
            if moment >= start:
                yield moment
    except _SearchEndedError:
        return


def _most_empty_periods(parts: RRuleParts) -> int:
    if parts.frequency is Frequency.HOURLY:
        # dateutil leaves a day without matches after one step.
        return 2 * PERIODS[Frequency.DAILY]
    return PERIODS[parts.frequency] // parts.interval + 1


def _by_parts(parts: RRuleParts) -> dict[str, Any]:
    given = {
        "bymonth": parts.months,
        "byyearday": parts.year_days,
        "bymonthday": parts.month_days,
        "byweekday": tuple(dateutil.weekday(day.weekday, day.nth or None) for day in parts.days),
        "byhour": parts.hours,
        "byminute": parts.minutes,
        "bysetpos": parts.positions,
    }
    return {name: values for name, values in given.items() if values}


def _first_period(parts: RRuleParts, starts_at: datetime, start: datetime) -> datetime:
    """The beginning of the last period of the rule that begins at or before `start`.

    Whole periods: BYSETPOS chooses from the whole period the rule starts in.
    """
    interval = parts.interval
    midnight = datetime.combine(starts_at.date(), time())
    match parts.frequency:
        case Frequency.YEARLY:
            passed = (start.year - starts_at.year) // interval
            return datetime(starts_at.year + passed * interval, 1, 1)
        case Frequency.MONTHLY:
            begun = starts_at.year * 12 + starts_at.month - 1
            passed = (start.year * 12 + start.month - 1 - begun) // interval
            year, month = divmod(begun + passed * interval, 12)
            return datetime(year, month + 1, 1)
        case Frequency.WEEKLY:
            first = midnight - _DAY * ((starts_at.weekday() - parts.week_start) % 7)
            return first + _DAY * 7 * interval * ((start - first) // (_DAY * 7 * interval))
        case Frequency.DAILY:
            return midnight + _DAY * interval * ((start - midnight) // (_DAY * interval))
        case Frequency.HOURLY:
            first = midnight + _HOUR * starts_at.hour
            return first + _HOUR * interval * ((start - first) // (_HOUR * interval))
