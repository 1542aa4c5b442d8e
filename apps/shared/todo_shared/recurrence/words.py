"""English words for the values that both kinds of rule are made of."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final

from todo_shared.recurrence.policies import ShortMonthPolicy

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WORKDAYS: Final = frozenset(range(5))
_WEEKEND: Final = frozenset((5, 6))
_ORDINALS: Final = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}
_SHORTEST_MONTH: Final = 28


def listed(words: Sequence[str], joint: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) <= 1:
        return "".join(words)
    return f"{', '.join(words[:-1])} {joint} {words[-1]}"


def numeral(number: int) -> str:
    """`1st`, `22nd`, `13th`."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ ({1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')) }"


def ordinal(number: int) -> str:
    """`first`, `12th`, and from the end `last`, `second to last`."""
    if number < 0:
        return "last" if number == -1 else f"{ordinal(-number)} to last"
    return _ORDINALS.get(number, numeral(number))


def every(unit: str, interval: int) -> str:
    """`every day`, `every second week`, `every 3 months`."""
    if interval == 1:
        return f"every {unit}"
    return f"every second {unit}" if interval == 2 else f"every {interval} {unit}s"


def weekdays(days: Sequence[int], joint: str = "and") -> str:
    """`weekday`, `weekend day` or the names; 0 is Monday."""
    chosen = frozenset(days)
    if chosen == _WORKDAYS:
        return "weekday"
    if chosen == _WEEKEND:
        return "weekend day"
    return listed([WEEKDAYS[day] for day in sorted(chosen)], joint)


def months(numbers: Sequence[int]) -> str:
    """The names of months; 1 is January."""
    return listed([_MONTHS[number - 1] for number in sorted(numbers)])


def month_days(days: Sequence[int]) -> str:
    """`the 1st to the 7th, the 15th and the last day`."""
    ahead = runs([day for day in days if day > 0], lambda day: f"the {numeral(day)}")
    return listed(ahead + [f"the {ordinal(day)} day" for day in sorted(days) if day < 0])


def runs(numbers: Sequence[int], word: Callable[[int], str]) -> list[str]:
    """Each number in a word, but three or more neighbours as `first to last`."""
    words: list[str] = []
    # Neighbours are equally far ahead of their places in the list.
    for _, group in groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        if len(run) > 2:
            words.append(f"{word(run[0])} to {word(run[-1])}")
        else:
            words += [word(number) for number in run]
    return words


def clock(hours: Sequence[int], minutes: Sequence[int]) -> str:
    """`09:00 and 17:00`: every hour with every minute."""
    return listed(
        [f"{hour:02}:{minute:02}" for hour in sorted(hours) for minute in sorted(minutes)]
    )


def short_month_words(days: Sequence[int], policy: ShortMonthPolicy) -> str:
    """What happens in months without such a day; nothing when every month has them."""
    if max(days, default=0) <= _SHORTEST_MONTH or policy is ShortMonthPolicy.SKIP:
        return ""
    if policy is ShortMonthPolicy.CLAMP:
        return "(in a shorter month its last day)"
    return "(in a shorter month the day after it)"
