"""Cron rules: five fields read by croniter, their days matched by cronsim, on wall-clock time."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from cronsim import CronSim, CronSimError

from todo_shared.recurrence.cron_fields import CronField, read_field, split_fields
from todo_shared.recurrence.errors import RecurrenceError
from todo_shared.recurrence.limits import SILENT_YEARS
from todo_shared.recurrence.local_rule import End
from todo_shared.recurrence.months import widened_days, with_short_months
from todo_shared.recurrence.policies import ShortMonthPolicy

_DAY: Final = timedelta(days=1)
_MONTH: Final = timedelta(days=31)
_ANY_TIME: Final = datetime(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class CronRule:
    """A cron rule of five fields."""

    minute: CronField
    hour: CronField
    day: CronField
    month: CronField
    weekday: CronField
    short_month: ShortMonthPolicy
    _matcher: CronSim
    _times: tuple[time, ...]

    @classmethod
    def parse(cls, rule: str, short_month: ShortMonthPolicy) -> "CronRule":
        """Raises RecurrenceError."""
        minute, hour, day, month, weekday = (
            read_field(index, text) for index, text in enumerate(split_fields(rule))
        )
        _check_days(rule, day, weekday, short_month)
        matcher = _matcher(rule, (minute, hour, day, month, weekday), short_month)
        times = tuple(time(h, m) for h in sorted(matcher.hours) for m in sorted(matcher.minutes))
        return cls(minute, hour, day, month, weekday, short_month, matcher, times)

    @property
    def end(self) -> End:
        """Cron rules go on for ever."""
        return End()

    @property
    def follows_real_time(self) -> bool:
        """A star in front of minute or hour means "every so often", as in Debian's cron."""
        return self.minute.star or self.hour.star

    def times_from(self, start: datetime) -> Iterator[datetime]:
        """Its local times at or after `start`, increasing, until 50 years hold none."""
        if self.short_month is ShortMonthPolicy.SKIP:
            return self._times_from(start)
        days = frozenset(self.day.values or ())
        return with_short_months(self._times_from, start, days, self.short_month)

    def _times_from(self, start: datetime) -> Iterator[datetime]:
        first, passed = start.date(), bisect_left(self._times, start.time())
        for day in self._days_from(first):
            for moment in self._times if day > first else self._times[passed:]:
                yield datetime.combine(day, moment)

    def _days_from(self, day: date) -> Iterator[date]:
        last_year = day.year + SILENT_YEARS
        while day.year <= last_year:
            if day.month not in self._matcher.months:
                day = (day.replace(day=1) + _MONTH).replace(day=1)
                continue
            if self._matcher.match_day(day):
                last_year = day.year + SILENT_YEARS
                yield day
            day += _DAY


def _check_days(rule: str, day: CronField, weekday: CronField, policy: ShortMonthPolicy) -> None:
    long_days = max(day.values or (0,)) > 28
    if policy is ShortMonthPolicy.SKIP or not long_days:
        return
    if weekday.values is not None or day.specials:
        raise RecurrenceError(
            f"short_month={policy} goes only with plain days of the month",
            where=f"cron rule {rule!r}",
            remedy="write * as day-of-week and no L, or leave the policy at skip",
        )


def _matcher(rule: str, fields: tuple[CronField, ...], policy: ShortMonthPolicy) -> CronSim:
    minute, hour, day, month, weekday = fields
    days = day.for_cronsim
    if day.values is not None and policy is not ShortMonthPolicy.SKIP:
        days = ",".join(map(str, sorted(widened_days(day.values))))
    texts = (minute.for_cronsim, hour.for_cronsim, days, month.for_cronsim, weekday.for_cronsim)
    try:
        matcher = CronSim(" ".join(texts), _ANY_TIME)
    except CronSimError as error:
        raise RecurrenceError(
            "never happens",
            where=f"cron rule {rule!r}",
            remedy="name a day that its months have",
        ) from error
    # As in Debian's cron: a day must match both day fields when one of them begins with a star.
    matcher.day_and = day.star or weekday.star
    return matcher
