"""An RRULE in words."""

from typing import Final

from todo_shared.recurrence.local_rule import End
from todo_shared.recurrence.rrule import RRule
from todo_shared.recurrence.rrule_parts import Frequency, RRuleParts
from todo_shared.recurrence.words import (
    WEEKDAYS,
    clock,
    every,
    listed,
    month_days,
    months,
    ordinal,
    runs,
    short_month_words,
    weekdays,
)

_UNITS: Final = {
    Frequency.HOURLY: "hour",
    Frequency.DAILY: "day",
    Frequency.WEEKLY: "week",
    Frequency.MONTHLY: "month",
    Frequency.YEARLY: "year",
}
_WHOLE_WEEK: Final = 7


def rrule_words(rule: RRule) -> str:
    """As "every month on the last Friday at 18:00, 12 times"."""
    parts = rule.parts
    words = [_period_and_days(parts), _weeks(parts), _months(parts)]
    words += [short_month_words(parts.month_days, rule.short_month), _times(parts)]
    return " ".join(word for word in words if word) + _end(parts.end)


def _period_and_days(parts: RRuleParts) -> str:
    plain = [day.weekday for day in parts.days if not day.nth]
    period = every(_UNITS[parts.frequency], parts.interval)
    if parts.frequency is Frequency.WEEKLY and not parts.positions:
        if len(plain) == _WHOLE_WEEK and parts.interval == 1:
            return "every day"
        if parts.interval == 1 or (parts.interval == 2 and len(plain) == 1):
            return every(weekdays(plain), parts.interval)
        return f"{period} on {weekdays(plain)}"
    if _is_month_and_day(parts):
        return f"{period} on {month_days(parts.month_days)} of {months(parts.months)}"
    days = _days(parts, plain)
    if parts.frequency is Frequency.DAILY and parts.interval == 1 and plain and not days:
        return f"every {weekdays(plain)}"
    return f"{period} {days}".strip()


def _is_month_and_day(parts: RRuleParts) -> bool:
    others = parts.days or parts.positions or parts.year_days or parts.week_numbers
    return bool(
        parts.frequency is Frequency.YEARLY and parts.months and parts.month_days and not others
    )


def _days(parts: RRuleParts, plain: list[int]) -> str:
    numbered = [f"the {ordinal(day.nth)} {WEEKDAYS[day.weekday]}" for day in parts.days if day.nth]
    dates = [month_days(parts.month_days)] if parts.month_days else []
    dates += [f"day {day} of the year" for day in parts.year_days if day > 0]
    dates += [f"the {ordinal(day)} day of the year" for day in parts.year_days if day < 0]
    if parts.positions:
        places = listed([ordinal(place) for place in parts.positions])
        chosen = weekdays(plain, "or") if plain and not dates and not numbered else "of its dates"
        return f"on the {places} {chosen}"
    if dates and (plain or numbered):
        days = listed([f"a {WEEKDAYS[day]}" for day in plain] + numbered, "or")
        return f"on {listed(dates)} if that is {days}"
    if dates or numbered:
        every_plain = [f"every {weekdays(plain)}"] if plain else []
        return f"on {listed(dates + numbered + every_plain)}"
    if not plain or (parts.frequency is Frequency.DAILY and parts.interval == 1):
        return ""
    often = parts.frequency in (Frequency.MONTHLY, Frequency.YEARLY) and not parts.week_numbers
    return f"on {'every ' if often else ''}{weekdays(plain)}"


def _weeks(parts: RRuleParts) -> str:
    if not parts.week_numbers:
        return ""
    ahead = [f"week {number}" for number in parts.week_numbers if number > 0]
    behind = [f"the {ordinal(number)} week" for number in parts.week_numbers if number < 0]
    return f"in {listed(ahead + behind)}"


def _months(parts: RRuleParts) -> str:
    if not parts.months or _is_month_and_day(parts):
        return ""
    return f"in {months(parts.months)}"


def _times(parts: RRuleParts) -> str:
    if parts.frequency is not Frequency.HOURLY:
        return f"at {clock(parts.hours, parts.minutes)}"
    minutes = f"at minute {listed(runs(parts.minutes, str))}"
    return f"{minutes} of hour {listed(runs(parts.hours, str))}" if parts.hours else minutes


def _end(end: End) -> str:
    if end.count is not None:
        return ", once" if end.count == 1 else f", {end.count} times"
    if end.instant is not None:
        return f", until {end.instant:%Y-%m-%d %H:%M} UTC"
    if end.local is None:
        return ""
    whole_day = (end.local.hour, end.local.minute) == (23, 59)
    return f", until {end.local:%Y-%m-%d}" + ("" if whole_day else f" {end.local:%H:%M}")
