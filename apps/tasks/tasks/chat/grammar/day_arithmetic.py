"""Arithmetic of the calendar that the standard library leaves out."""

from calendar import monthrange
from datetime import date, timedelta


def days_in(day: date) -> int:
    """How many days the month of `day` has."""
    return monthrange(day.year, day.month)[1]


def month_after(day: date, months: int) -> date:
    """The same day some months later, or the last one of a month that is too short."""
    index = day.year * 12 + day.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    return first.replace(day=min(day.day, days_in(first)))


def next_named(weekday: int, today: date) -> date:
    """The next such weekday after today."""
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def next_numbered(number: int, today: date) -> date:
    """The next day of this number, today counting, in a month that has it."""
    month = today.replace(day=1)
    while True:
        if number <= days_in(month) and month.replace(day=number) >= today:
            return month.replace(day=number)
        month = month_after(month, 1)


def exists(month: int, number: int) -> bool:
    """Whether any year has this day."""
    return 1 <= month <= 12 and 1 <= number <= monthrange(2000, month)[1]


def named(month: int, number: int, today: date) -> date:
    """The next such day, today counting; one that `exists`."""
    year = today.year
    while True:
        if number <= monthrange(year, month)[1] and date(year, month, number) >= today:
            return date(year, month, number)
        year += 1
