"""RRULEs of RFC 5545 on wall-clock time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from todo_shared.recurrence.errors import RecurrenceError
from todo_shared.recurrence.local_rule import End
from todo_shared.recurrence.months import with_short_months
from todo_shared.recurrence.policies import ShortMonthPolicy
from todo_shared.recurrence.rrule_expansion import prepared, times_of
from todo_shared.recurrence.rrule_parts import ByDay, Frequency, RRuleParts, parse_rrule


@dataclass(frozen=True, slots=True)
class RRule:
    """An RRULE together with the local time it starts at."""

    parts: RRuleParts
    """With everything that the start implies written out."""
    starts_at: datetime
    short_month: ShortMonthPolicy
    _prepared: RRuleParts

    @classmethod
    def parse(cls, rule: str, starts_at: datetime, short_month: ShortMonthPolicy) -> "RRule":
        """Raises RecurrenceError."""
        parts = parse_rrule(rule)
        complete = _completed(parts, starts_at)
        if short_month is not ShortMonthPolicy.SKIP and max(complete.month_days, default=0) > 28:
            _check_short_month(complete, short_month)
        return cls(complete, starts_at, short_month, prepared(complete, starts_at, short_month))

    @property
    def end(self) -> End:
        """COUNT or UNTIL."""
        return self.parts.end

    @property
    def follows_real_time(self) -> bool:
        """RFC 5545 knows no such rules: even HOURLY counts hours on the wall clock."""
        return False

    def times_from(self, start: datetime) -> Iterator[datetime]:
        """Its local times at or after `start`, increasing, until 50 years hold none."""
        begin, days = max(start, self.starts_at), frozenset(self.parts.month_days)
        if self.short_month is ShortMonthPolicy.SKIP:
            times = self._times_from(begin)
        else:
            times = with_short_months(self._times_from, begin, days, self.short_month)
        last = self.end.local
        return times if last is None else takewhile(lambda time: time <= last, times)

    def _times_from(self, start: datetime) -> Iterator[datetime]:
        return times_of(self._prepared, self.starts_at, max(start, self.starts_at))


def _completed(parts: RRuleParts, starts_at: datetime) -> RRuleParts:
    """With the day and time of the start where the rule itself does not say any."""
    if parts.frequency is not Frequency.HOURLY and not parts.hours:
        parts = replace(parts, hours=(starts_at.hour,))
    if not parts.minutes:
        parts = replace(parts, minutes=(starts_at.minute,))
    if parts.days or parts.month_days or parts.year_days:
        return parts
    match parts.frequency:
        case Frequency.YEARLY if parts.week_numbers:
            return replace(parts, days=(ByDay(starts_at.weekday()),))
        case Frequency.YEARLY:
            months = parts.months or (starts_at.month,)
            return replace(parts, months=months, month_days=(starts_at.day,))
        case Frequency.MONTHLY:
            return replace(parts, month_days=(starts_at.day,))
        case Frequency.WEEKLY:
            return replace(parts, days=(ByDay(starts_at.weekday()),))
        case _:
            return parts


def _check_short_month(parts: RRuleParts, policy: ShortMonthPolicy) -> None:
    others = parts.days or parts.positions or parts.week_numbers or parts.year_days
    if others or any(day < 0 for day in parts.month_days):
        raise RecurrenceError(
            f"short_month={policy} goes only with plain days of the month",
            where="RRULE part BYMONTHDAY",
            remedy="leave the policy at skip, or write the rule with BYMONTHDAY alone",
        )
    if parts.frequency not in (Frequency.MONTHLY, Frequency.YEARLY):
        raise RecurrenceError(
            f"short_month={policy} does not go with {parts.frequency}",
            where="RRULE part BYMONTHDAY",
            remedy="use FREQ=MONTHLY or FREQ=YEARLY",
        )
