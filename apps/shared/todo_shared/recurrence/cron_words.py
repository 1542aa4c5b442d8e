"""A cron rule in words."""

from typing import Final

from todo_shared.recurrence.cron import CronRule
from todo_shared.recurrence.cron_fields import CronField
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

_MOST_TIMES: Final = 6
_SUNDAY: Final = 7


def cron_words(rule: CronRule) -> str:
    """As "every weekday at 09:00" or "every 15 minutes on Saturday"."""
    times = _times(rule)
    days = _days(rule)
    if times.startswith("every"):
        return times if days == "every day" else f"{times}, {days}"
    return f"{days} {times}"


def _times(rule: CronRule) -> str:
    minutes, hours = rule.minute.values, rule.hour.values
    minute_step, hour_step = _step(rule.minute, 60), _step(rule.hour, 24)
    if minute_step and hours is None:
        return every("minute", minute_step)
    if minutes == (0,) and (hours is None or hour_step):
        return every("hour", hour_step or 1)
    if minutes is not None and hours is not None and len(minutes) * len(hours) <= _MOST_TIMES:
        return f"at {clock(hours, minutes)}"
    in_hours = "" if hours is None else f" of {listed(runs(hours, '{:02}:00'.format))}"
    if minutes == (0,):
        return f"every hour{in_hours}"
    often = every("minute", minute_step) if minute_step else f"at minute {_numbers(minutes)}"
    return f"every hour{in_hours}, {often}"


def _step(field: CronField, cycle: int) -> int:
    """The number n of `*/n`, where n divides the cycle; else 0."""
    step = _any_step(field)
    return step if step and cycle % step == 0 else 0


def _any_step(field: CronField) -> int:
    star, _, step = field.text.partition("/")
    return int(step) if star == "*" and step.isdigit() else 0


def _numbers(values: tuple[int, ...] | None) -> str:
    return listed(runs(values or (), str))


def _days(rule: CronRule) -> str:
    dates, weeks = _dates(rule.day), _weekdays(rule.weekday)
    in_months = f" in {months(rule.month.values)}" if rule.month.values else ""
    short = short_month_words(rule.day.values or (), rule.short_month)
    if dates and weeks:
        if rule.day.star or rule.weekday.star:
            return f"on {dates} of a month if that is {weeks.replace('every ', 'a ')}{in_months}"
        return f"on {dates} of a month and {weeks}{in_months}"
    if not dates:
        nth = weeks.startswith("the ")
        return f"{'every month on ' if nth else ''}{weeks or 'every day'}{in_months}"
    of_months = f"every year on {dates} of{in_months.removeprefix(' in')}"
    words = of_months if in_months else f"every month on {dates}"
    return f"{words} {short}".strip()


def _dates(field: CronField) -> str:
    if step := _any_step(field):
        return f"every {ordinal(step)} day from the 1st"
    words = [month_days(field.values)] if field.values else []
    words += [{"L": "the last day", "LW": "the last weekday"}[text] for text in field.specials]
    return listed(words)


def _weekdays(field: CronField) -> str:
    """`every Monday`, `the last Friday`; nothing for every day."""
    if field.values is None:
        return ""
    if field.values:
        return f"every {weekdays([_monday_first(day) for day in field.values])}"
    words: list[str] = []
    for text in field.specials:
        place = "last" if text.endswith("L") else ordinal(int(text[-1]))
        words.append(f"the {place} {WEEKDAYS[_monday_first(int(text[0]))]}")
    return listed(words)


def _monday_first(day: int) -> int:
    return (day - 1) % _SUNDAY
