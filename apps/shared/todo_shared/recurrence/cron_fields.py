"""The five fields of a cron rule, read and checked by croniter."""

import re
from dataclasses import dataclass
from typing import Any, Final, cast

from croniter import CroniterError, croniter

from todo_shared.recurrence.errors import RecurrenceError

FIELDS: Final = ("minute", "hour", "day-of-month", "month", "day-of-week")
_ALLOWED: Final = ("0-59", "0-23", "1-31, L, LW", "1-12, JAN-DEC", "0-7, SUN-SAT, 5L, MON#2")
_DAY, _WEEKDAY = 2, 4
_ALIASES: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_VALUE: Final = r"(?:\d{1,2}|[A-Z]{3})"
_TERM: Final = re.compile(rf"(?:\*|{_VALUE}(?:-{_VALUE})?)(?:/\d{{1,3}})?", re.ASCII)
_TO_LAST: Final = re.compile(r"\d{1,2}-L(?:/\d{1,3})?", re.ASCII)
_NTH: Final = re.compile(rf"{_VALUE}(?:-{_VALUE})?#\d", re.ASCII)
_LAST: Final = re.compile(r"L?([0-7])L?", re.ASCII)
_ONE_VALUE: Final = re.compile(rf"({_VALUE})-\1(?:/0*[1-9]\d*)?", re.ASCII)
_NEAREST: Final = re.compile(r"(?:\d+W|W\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class CronField:
    """One field: its text, whether that begins with a star, and the values it stands for."""

    text: str
    star: bool
    values: tuple[int, ...] | None
    """The plain numbers, sorted; None for "every"."""
    specials: tuple[str, ...] = ()
    """`L` and `LW` of a day of the month; `5L` and `1#2` of a day of the week."""

    @property
    def for_cronsim(self) -> str:
        """The same field in the words of cronsim."""
        if self.values is None:
            return "*"
        return ",".join((*map(str, self.values), *self.specials))


def split_fields(rule: str) -> tuple[str, ...]:
    """The five texts of a cron rule, in capitals. Raises RecurrenceError."""
    parts = tuple(_ALIASES.get(rule.strip().lower(), rule).upper().split())
    if len(parts) == len(FIELDS):
        return parts
    problem = f"has {len(parts)} fields and not five"
    if len(parts) == len(FIELDS) + 1:
        problem = "has six fields, and programs differ on whether seconds come first or last"
    raise RecurrenceError(
        problem,
        where=f"cron rule {rule!r}",
        remedy="write minute, hour, day-of-month, month, day-of-week",
    )


def read_field(index: int, text: str) -> CronField:
    """Field number `index` (0 is the minute). Raises RecurrenceError."""
    words = ["*"] if text == "?" and index in (_DAY, _WEEKDAY) else text.split(",")
    values, nth = _expanded(index, text, ",".join(_term(index, text, word) for word in words))
    specials = [word for word in ("L", "LW") if index == _DAY and word in words]
    for weekday, places in sorted(nth.items()):
        specials += [
            f"{weekday}L" if n == "l" else f"{weekday}#{n}" for n in sorted(places, key=str)
        ]
    plain = None if "*" in values else [n for n in values if n not in nth and n != "l"]
    return CronField(
        text,
        words[0].startswith("*"),
        None if plain is None else tuple(sorted(plain)),
        tuple(specials),
    )


def _term(index: int, text: str, word: str) -> str:
    """One word of a list as croniter wants it."""
    if _TERM.fullmatch(word):
        # croniter reads 5-5 as the whole cycle; every other cron reads it as 5.
        one = _ONE_VALUE.fullmatch(word)
        return one[1] if one else word
    if index == _DAY and _TO_LAST.fullmatch(word):
        return word
    if index == _DAY and word in ("L", "LW"):
        # croniter knows no LW: it checks the rest of the field, cronsim expands the word.
        return "L"
    if index == _WEEKDAY and _NTH.fullmatch(word):
        return word
    if index == _WEEKDAY and (last := _LAST.fullmatch(word)) and len(word) == 2:
        return f"L{last[1]}"
    if index == _DAY and _NEAREST.fullmatch(word):
        raise _refused(index, text, f"{word} (the nearest weekday) is not supported")
    raise _refused(index, text, f"{word!r} cannot be read")


def _expanded(index: int, text: str, field: str) -> tuple[list[Any], dict[int, set[Any]]]:
    """The values croniter gives one field while the others are stars, and its `#` and `L`."""
    fields = ["*"] * len(FIELDS)
    fields[index] = field
    try:
        values, nth = cast(
            "tuple[list[list[Any]], dict[int, set[Any]]]", croniter.expand(" ".join(fields))
        )
    except (CroniterError, ValueError) as error:
        raise _refused(index, text, f"croniter says: {error}") from error
    return values[index], nth


def _refused(index: int, text: str, problem: str) -> RecurrenceError:
    return RecurrenceError(
        problem,
        where=f"cron {FIELDS[index]} {text!r}",
        remedy=f"use {_ALLOWED[index]}, lists with commas, ranges with -, steps with /",
    )
