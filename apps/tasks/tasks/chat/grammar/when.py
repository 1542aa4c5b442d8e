"""A phrase of time: every part that says when, in any order, each at most once."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from tasks.chat.grammar.clock import Clock, Daypart, clocks
from tasks.chat.grammar.dates import Day, day
from tasks.chat.grammar.offsets import Span, offset, span
from tasks.chat.grammar.present import Problem
from tasks.chat.grammar.recurrence import Repeat, repeat
from tasks.chat.grammar.tokens import Cursor
from tasks.chat.grammar.vocabulary import NUMBERS
from tasks.chat.understanding import Missing

_PARTS: Final = {part.value: part for part in Daypart}
_CLASH: Final = Problem(Missing.DATE, "I read more than one time there. Which one do you mean?")
_STARTS: Final = ("starting from", "starting on", "starting", "beginning", "as of")
_UNTIL: Final = ("until", "till", "through", "ending on", "ending", "up to")


@dataclass(frozen=True, slots=True)
class When:
    """The parts that were said; empty ones were not."""

    repeat: Repeat | None = None
    day: Day | None = None
    clocks: tuple[Clock, ...] = ()
    part: Daypart | None = None
    span: timedelta | None = None
    start: Day | None = None
    until: Day | None = None
    lasting: Span | None = None
    count: int | None = None
    clash: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing was said."""
        return self == NOTHING_SAID

    def problem(self) -> Problem | None:
        """The first part that cannot be taken as said."""
        for each in (self.repeat, self.day, *self.clocks, self.start, self.until):
            if each is not None and each.problem is not None:
                return each.problem
        if self.clash or (self.span and (self.day or self.clocks or self.repeat)):
            return _CLASH
        bounded = self.until or self.count or self.lasting
        if self.repeat is None and (len(self.clocks) > 1 or bounded):
            return _CLASH
        return None

    def joined(self, other: "When") -> "When":
        """Both phrases as one; they clash when they say the same thing twice."""
        names = ("repeat", "day", "clocks", "part", "span", "start", "until", "lasting", "count")
        twice = any(getattr(self, name) and getattr(other, name) for name in names)
        merged = {name: getattr(self, name) or getattr(other, name) for name in names}
        return When(**merged, clash=twice or self.clash or other.clash)


NOTHING_SAID: Final = When()


def when(cursor: Cursor, today: date) -> tuple[When, Cursor] | None:
    """The longest phrase of time that begins here."""
    said, rest = When(), cursor
    while True:
        start = rest.skip(", and", ",") if not said.empty else rest
        step = _part(said, start, today)
        if step is None:
            break
        said, rest = step
    return None if said.empty else (said, rest)


def _part(said: When, cursor: Cursor, today: date) -> tuple[When, Cursor] | None:
    for match in (_repeat, _bounds, _span, _day, _daypart, _clocks):
        if (found := match(said, cursor, today)) is not None:
            return found
    return None


def _repeat(said: When, cursor: Cursor, today: date) -> tuple[When, Cursor] | None:
    found = repeat(cursor) if said.repeat is None else None
    return (replace(said, repeat=found[0]), found[1]) if found else None


def _bounds(said: When, cursor: Cursor, today: date) -> tuple[When, Cursor] | None:
    behind = cursor.take(*_STARTS) or (cursor.take("from") if said.repeat else None)
    if said.start is None and behind is not None:
        found = day(behind, today, introduced=True)
        if found is not None:
            return replace(said, start=found[0]), found[1]
    if said.repeat is None:
        return None
    if said.until is None and (behind := cursor.take(*_UNTIL)) is not None:
        found = day(behind, today, introduced=True)
        return (replace(said, until=found[0]), found[1]) if found else None
    behind = cursor.skip("for")
    number = behind.number if behind.number is not None else NUMBERS.get(behind.word)
    if number and (rest := behind.on().take("times", "occurrences")) is not None:
        return replace(said, count=number), rest
    if behind is not cursor and (lasting := span(behind)) is not None and not lasting[0].clock:
        return replace(said, lasting=lasting[0]), lasting[1]
    return None


def _span(said: When, cursor: Cursor, today: date) -> tuple[When, Cursor] | None:
    found = offset(cursor, today) if said.span is None and said.day is None else None
    if found is None:
        return None
    length, rest = found
    if isinstance(length, Day):
        return replace(said, day=length), rest
    return replace(said, span=length), rest


def _day(said: When, cursor: Cursor, today: date) -> tuple[When, Cursor] | None:
    if said.day is not None:
        return None
    if said.part is None and (rest := cursor.take("tonight")) is not None:
        return replace(said, day=Day((today,)), part=Daypart.NIGHT), rest
    if said.part is None and cursor.word == "this" and cursor.on().word in _PARTS:
        rest = cursor.on()
        return replace(said, day=Day((today,)), part=_PARTS[rest.word]), rest.on()
    found = day(cursor, today)
    return (replace(said, day=found[0]), found[1]) if found else None


def _daypart(said: When, cursor: Cursor, today: date) -> tuple[When, Cursor] | None:
    if said.part is not None or (said.repeat is not None and said.repeat.part is not None):
        return None
    behind = cursor.take("in the", "at", "during the", "each", "every", "by the")
    if behind is None and (said.day or said.repeat or said.clocks):
        behind = cursor
    if behind is None or behind.word not in _PARTS:
        return None
    if cursor.word == "at" and behind.word != "night":
        return None
    return replace(said, part=_PARTS[behind.word]), behind.on()


def _clocks(said: When, cursor: Cursor, today: date) -> tuple[When, Cursor] | None:
    if said.clocks or said.span is not None:
        return None
    found = clocks(cursor)
    if found is None:
        return None
    times, rest = found
    if len(times) > 1 and said.repeat is None:
        times = times if _repeat(said, rest, today) else (replace(times[0], problem=_CLASH),)
    return replace(said, clocks=times), rest
