"""A recurrence: its RRULE text, and the first local date on or after a day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from tasks.chat.grammar.day_arithmetic import days_in
from tasks.chat.grammar.vocabulary import CODES

_HORIZON_DAYS: Final = 366 * 9


class Frequency(StrEnum):
    """The unit that a recurrence counts in."""

    HOURLY = "HOURLY"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence without its times. `ordinals` pick from the `weekdays` of a month: 1, 2, -1."""

    frequency: Frequency
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    ordinals: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    month: int | None = None
    any_weekday_at: int | None = None

    @property
    def complete(self) -> bool:
        """Whether it says on which days."""
        if self.frequency is Frequency.WEEKLY:
            return bool(self.weekdays)
        if self.frequency is Frequency.MONTHLY:
            return bool(self.weekdays or self.month_days)
        if self.frequency is Frequency.YEARLY:
            return bool(self.month and self.month_days)
        return True

    def text(self) -> str:
        """The RRULE, without times and end."""
        parts = [f"FREQ={self.frequency}"]
        if self.interval > 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.month:
            parts.append(f"BYMONTH={self.month}")
        if self.weekdays:
            parts.append("BYDAY=" + ",".join(self._by_day()))
        if self.month_days:
            parts.append("BYMONTHDAY=" + ",".join(str(each) for each in self.month_days))
        if self.any_weekday_at:
            parts.append(f"BYSETPOS={self.any_weekday_at}")
        return ";".join(parts)

    def _by_day(self) -> Iterator[str]:
        if self.ordinals:
            yield from (
                f"{ordinal}{CODES[each]}" for ordinal in self.ordinals for each in self.weekdays
            )
        else:
            yield from (CODES[each] for each in self.weekdays)

    def first_date(self, start: date) -> date:
        """The first day from `start` on that the rule names, its interval left aside."""
        for step in range(_HORIZON_DAYS):
            candidate = start + timedelta(days=step)
            if self._names(candidate):
                return candidate
        raise ValueError(f"{self.text()} names no day")

    def _names(self, day: date) -> bool:
        if self.month and day.month != self.month:
            return False
        if self.any_weekday_at:
            return day == _working_day(day, self.any_weekday_at)
        if self.weekdays and not self._weekday_fits(day):
            return False
        if self.month_days:
            return day.day in self.month_days or day.day - days_in(day) - 1 in self.month_days
        return True

    def _weekday_fits(self, day: date) -> bool:
        if day.weekday() not in self.weekdays:
            return False
        from_start = (day.day - 1) // 7 + 1
        from_end = -((days_in(day) - day.day) // 7 + 1)
        return not self.ordinals or from_start in self.ordinals or from_end in self.ordinals


def _working_day(day: date, position: int) -> date:
    month = [day.replace(day=number) for number in range(1, days_in(day) + 1)]
    working = [each for each in month if each.weekday() < 5]
    return working[position - 1 if position > 0 else position]
