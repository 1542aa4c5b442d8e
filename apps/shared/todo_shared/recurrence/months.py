"""Days 29, 30 and 31 in months that do not have them."""

from calendar import monthrange
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from heapq import merge
from typing import Final

from todo_shared.recurrence.policies import ShortMonthPolicy
from todo_shared.recurrence.selection import selected

_SHORTEST: Final = 28
_DAY: Final = timedelta(days=1)


def widened_days(days: Collection[int]) -> frozenset[int]:
    """`days`, and every day that may be the last of a month too short for one of them."""
    longest = max(days, default=0)
    return frozenset(days) | frozenset(range(_SHORTEST, longest))


def with_short_months(
    times_from: Callable[[datetime], Iterator[datetime]],
    start: datetime,
    days: frozenset[int],
    policy: ShortMonthPolicy,
) -> Iterator[datetime]:
    """The times at or after `start` of a rule on `days` of the month: clamped, or rolled.

    `times_from` gives those of `widened_days(days)`.
    """
    if max(days, default=0) <= _SHORTEST:
        return times_from(start)
    if policy is ShortMonthPolicy.CLAMP:
        return selected(times_from(start), lambda time: time.day in days or _stands_in(time, days))
    named = selected(times_from(start), lambda time: time.day in days)
    standing_in = selected(times_from(start - _DAY), lambda time: _stands_in(time, days))
    return _distinct(merge(named, (time + _DAY for time in standing_in)))


def _stands_in(time: datetime, days: frozenset[int]) -> bool:
    """Whether it is the last day of its month and a later one was wanted."""
    return time.day >= _SHORTEST and (
        time.day == monthrange(time.year, time.month)[1] and any(day > time.day for day in days)
    )


def _distinct(times: Iterator[datetime]) -> Iterator[datetime]:
    previous: datetime | None = None
    for time in times:
        if time != previous:
            yield time
        previous = time
