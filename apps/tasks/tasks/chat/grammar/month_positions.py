"""Places in a month: `the 1st and 15th`, `the last friday`, `the first working day`."""

from dataclasses import dataclass
from typing import Final

from tasks.chat.grammar.rules import Frequency, Rule
from tasks.chat.grammar.tokens import Cursor
from tasks.chat.grammar.weekdays import WEEKEND, WORKING, weekdays
from tasks.chat.grammar.written_dates import day_number

_WORKING_DAY: Final = ("working day", "business day", "weekday", "workday", "work day")
_LAST: Final = -1


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to take a recurrence, and how to tell it from the others."""

    rule: Rule
    label: str = ""


Found = tuple[tuple[Reading, ...], Cursor] | None


def month_positions(cursor: Cursor) -> Found:
    """A monthly rule from its places; the two readings of a day that short months lack."""
    numbers, rest = _ordinals(cursor.skip("the"))
    if not numbers:
        return None
    if (behind := rest.take(*_WORKING_DAY)) is not None and len(numbers) == 1:
        rule = Rule(Frequency.MONTHLY, weekdays=WORKING, any_weekday_at=numbers[0])
        return (Reading(rule),), behind
    if (behind := rest.take("weekend")) is not None:
        return (Reading(Rule(Frequency.MONTHLY, weekdays=WEEKEND, ordinals=numbers)),), behind
    named = weekdays(rest)
    if named is not None and all(number <= 5 for number in numbers):
        return (Reading(Rule(Frequency.MONTHLY, weekdays=named[0], ordinals=numbers)),), named[1]
    return on_days(numbers), rest.skip("day")


def on_days(numbers: tuple[int, ...]) -> tuple[Reading, ...]:
    """A monthly rule on days of these numbers."""
    rule = Rule(Frequency.MONTHLY, month_days=numbers)
    late = max(numbers)
    if late <= 28:
        return (Reading(rule),)
    ends = tuple(number for number in numbers if number <= 28)
    last = Rule(Frequency.MONTHLY, month_days=(*ends, _LAST))
    return (
        Reading(last, "on the last day of each month"),
        Reading(rule, f"only in months that have a day {late}"),
    )


def _ordinals(cursor: Cursor) -> tuple[tuple[int, ...], Cursor]:
    numbers: list[int] = []
    rest = cursor
    while True:
        if (behind := rest.take("last")) is not None:
            numbers.append(_LAST)
        elif (found := day_number(rest, suffixed=True)) is not None:
            numbers.append(found[0])
            behind = found[1]
        else:
            return tuple(numbers), cursor if not numbers else rest
        rest = behind
        joint = rest.take(", and", "and", ",", "&")
        if joint is None:
            return tuple(numbers), rest
        joint = joint.skip("the")
        if joint.word != "last" and day_number(joint, suffixed=True) is None:
            return tuple(numbers), rest
        rest = joint
