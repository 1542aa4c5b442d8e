"""Numbers of weeks, for weeks that begin on any day (ISO 8601: on Monday)."""

from datetime import date, timedelta
from typing import Final

_DAY: Final = timedelta(days=1)


def week_numbers(day: date, week_start: int) -> tuple[int, int]:
    """The number of the week of `day`, and the same counted from the end of its year (-1: last).

    The week belongs to the year that holds its middle; `week_start` is 0 for Monday.
    """
    middle = _middle(day, week_start)
    number = (middle.timetuple().tm_yday + 6) // 7
    # The week of 28 December is the last of its year, wherever weeks begin.
    last = (_middle(date(middle.year, 12, 28), week_start).timetuple().tm_yday + 6) // 7
    return number, number - last - 1


def _middle(day: date, week_start: int) -> date:
    return day + _DAY * (3 - (day.weekday() - week_start) % 7)
