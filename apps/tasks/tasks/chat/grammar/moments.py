"""From a phrase of time to moments: one that is meant, or several that are asked about."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from tasks.chat.grammar.clock import USUAL, Clock, within
from tasks.chat.grammar.dates import END_OF_DAY
from tasks.chat.grammar.present import Present, Problem, in_words
from tasks.chat.grammar.when import When
from tasks.chat.understanding import Missing

USUAL_TIME: Final = time(9)
_PAST: Final = "{} is over. When do you mean?"
_DAY: Final = timedelta(days=1)
_HALF_DAY: Final = timedelta(hours=12)
_NOON: Final = 12


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of a phrase that names a single moment."""

    at: datetime

    @property
    def label(self) -> str:
        """How the reading is told from the others."""
        return in_words(self.at)


def moments(said: When, here: Present) -> tuple[Moment, ...] | Problem:
    """The readings of a phrase without a recurrence, all of them in the future."""
    if (problem := said.problem()) is not None:
        return problem
    if said.span is not None:
        return (Moment(here.later(said.span)),)
    clock = clock_of(said)
    if clock.problem is not None:
        return clock.problem
    day = said.day or said.start
    if day is None:
        return tuple(Moment(each) for each in _without_day(clock, here))
    found: list[datetime] = []
    for each in day.options:
        for hour in clock.times or (_default(each, day.default, here),):
            found.append(here.at(each, hour))
            if clock.midnight:
                found.append(here.at(each + _DAY, hour))
    return _ahead(found, clock, here)


def clock_of(said: When) -> Clock:
    """The time of day in the part of the day that was said; without `times` if none was."""
    part = said.part or (said.repeat.part if said.repeat else None)
    if not said.clocks:
        return Clock((USUAL[part],) if part else ())
    return within(said.clocks[0], part) if part else said.clocks[0]


def _default(day: date, default: time | None, here: Present) -> time:
    if default is not None:
        return default
    if day != here.today:
        return USUAL_TIME
    return END_OF_DAY if here.now < here.at(day, END_OF_DAY) else time(23, 59)


def _without_day(clock: Clock, here: Present) -> Iterator[datetime]:
    """The next time that clocks show this; a bare hour that is over has two readings."""
    for each in clock.times:
        today = here.at(here.today, each)
        if today > here.now:
            yield today
            continue
        rolls = clock.bare and len(clock.times) == 1 and each.hour < _NOON
        if rolls and (evening := today + _HALF_DAY) > here.now:
            yield evening
        yield here.at(here.today + _DAY, each)


def _ahead(found: list[datetime], clock: Clock, here: Present) -> tuple[Moment, ...] | Problem:
    if clock.bare and all(each <= here.now for each in found):
        found = [each + _HALF_DAY for each in found if each.hour < _NOON] or found
    ahead = tuple(Moment(each) for each in dict.fromkeys(found) if each > here.now)
    return ahead or Problem(Missing.TIME, _PAST.format(in_words(found[0])))
