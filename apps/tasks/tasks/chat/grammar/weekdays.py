"""Several weekdays in a row: `monday, wed and friday`, `monday to friday`, `weekdays`."""

from collections.abc import Mapping
from typing import Final

from tasks.chat.grammar.tokens import Cursor
from tasks.chat.grammar.vocabulary import PLURAL_WEEKDAYS, WEEKDAYS

WORKING: Final = (0, 1, 2, 3, 4)
WEEKEND: Final = (5, 6)
Found = tuple[tuple[int, ...], Cursor] | None


def weekdays(cursor: Cursor) -> Found:
    """Weekdays by name, in either number, as a list or as a range."""
    return _list(cursor, WEEKDAYS | PLURAL_WEEKDAYS)


def plural_weekdays(cursor: Cursor) -> Found:
    """What alone says that it comes again: `mondays`, `weekdays`, `monday to friday`."""
    groups = (
        (("weekdays", "workdays", "working days", "business days"), WORKING),
        (("weekends", "the weekends"), WEEKEND),
    )
    for phrases, days in groups:
        if (rest := cursor.take(*phrases)) is not None:
            return days, rest
    if (found := _range(cursor, WEEKDAYS | PLURAL_WEEKDAYS)) is not None:
        return found
    found = _list(cursor, PLURAL_WEEKDAYS)
    return found


def _list(cursor: Cursor, names: Mapping[str, int]) -> Found:
    if (found := _range(cursor, names)) is not None:
        return found
    days: list[int] = []
    rest = cursor
    while (number := names.get(rest.word)) is not None:
        days.append(number)
        rest = rest.on()
        behind = rest.take(", and", "and", ",", "&", "+", "/")
        if behind is None or behind.word not in names:
            break
        rest = behind
    return (tuple(sorted(set(days))), rest) if days else None


def _range(cursor: Cursor, names: Mapping[str, int]) -> Found:
    first = names.get(cursor.word)
    behind = cursor.on().take("to", "through", "thru", "-")
    last = names.get(behind.word) if behind is not None else None
    if first is None or behind is None or last is None or last <= first:
        return None
    return tuple(range(first, last + 1)), behind.on()
