"""From a phrase of time with a recurrence to a schedule: an RRULE and its first local time."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from tasks.chat.grammar.dates import Day
from tasks.chat.grammar.day_arithmetic import month_after
from tasks.chat.grammar.moments import USUAL_TIME, clock_of
from tasks.chat.grammar.month_positions import Reading, on_days
from tasks.chat.grammar.present import Present, Problem, in_words
from tasks.chat.grammar.recurrence import Repeat, yearly_on
from tasks.chat.grammar.rules import Frequency, Rule
from tasks.chat.grammar.tokens import Cursor, read
from tasks.chat.grammar.when import When
from tasks.chat.understanding import Missing

_DAY: Final = timedelta(days=1)
_WHICH: Final = {
    Frequency.WEEKLY: "On which day of the week?",
    Frequency.MONTHLY: "On which day of the month?",
    Frequency.YEARLY: "On which day of the year?",
}
_ONE_START: Final = Problem(Missing.DATE, "From which day on?")
_CLASH: Final = Problem(Missing.SCHEDULE, "I read a date and a schedule. Which one do you mean?")
_TIMES: Final = Problem(Missing.TIME, "At which times?")
_MINUTES: Final = Problem(
    Missing.SCHEDULE, "Several times a day must share their minutes: 9:00 and 17:00, for example."
)
_OVER: Final = Problem(Missing.DATE, "That ends before it begins. Until when shall it go on?")


@dataclass(frozen=True, slots=True)
class Schedule:
    """One reading of a recurrence; `starts_at` is local, without offset."""

    rule: str
    starts_at: datetime
    label: str


def schedules(said: When, here: Present) -> tuple[Schedule, ...] | Problem:
    """The readings of a phrase with a recurrence."""
    repeat = said.repeat
    problem = said.problem()
    if repeat is None or problem is not None:
        return problem or _CLASH
    readings = _completed(repeat, said)
    if isinstance(readings, Problem):
        return readings
    times = _times(repeat, said)
    if isinstance(times, Problem):
        return times
    start = _start(said, here)
    if isinstance(start, Problem):
        return start
    found: list[Schedule] = []
    for reading in readings:
        for several in times:
            one = _schedule(reading, several, start, said, here)
            if isinstance(one, Problem):
                return one
            found.append(one)
    return tuple(found)


def _completed(repeat: Repeat, said: When) -> tuple[Reading, ...] | Problem:
    rule = repeat.readings[0].rule
    if rule.complete:
        return _CLASH if said.day is not None else repeat.readings
    day = said.day or said.start
    if day is None or (len(day.options) != 1 and day.weekday is None):
        return Problem(Missing.SCHEDULE, _WHICH[rule.frequency])
    return _named_by(rule, day)


def _named_by(rule: Rule, day: Day) -> tuple[Reading, ...]:
    named = day.options[0]
    if rule.frequency is Frequency.WEEKLY:
        return (Reading(replace(rule, weekdays=(named.weekday(),))),)
    if rule.frequency is Frequency.MONTHLY:
        readings = on_days((named.day,))
    else:
        yearly = yearly_on(named.month, named.day, Cursor(read("")))
        readings = yearly[0].readings if yearly else ()
    return tuple(
        replace(each, rule=replace(each.rule, interval=rule.interval)) for each in readings
    )


def _times(repeat: Repeat, said: When) -> tuple[tuple[time, ...], ...] | Problem:
    """For each reading, the times of one day."""
    if len(said.clocks) > 1:
        several = tuple(each.times[0] for each in said.clocks)
        if any(len(each.times) > 1 for each in said.clocks):
            return Problem(Missing.TIME, "Is 12 noon or midnight?")
        if len({each.minute for each in several}) > 1:
            return _MINUTES
        return (tuple(sorted(set(several))),)
    if repeat.times > 1:
        return _TIMES
    clock = clock_of(said)
    if clock.problem is not None:
        return clock.problem
    return tuple((each,) for each in clock.times) or ((),)


def _start(said: When, here: Present) -> date | Problem:
    day = said.start or (said.day if said.day and said.day.weekday is None else None)
    if day is None:
        return here.today
    return max(day.options[0], here.today) if len(day.options) == 1 else _ONE_START


def _schedule(
    reading: Reading, times: tuple[time, ...], start: date, said: When, here: Present
) -> Schedule | Problem:
    rule = reading.rule
    if rule.frequency is Frequency.HOURLY and not times:
        hour = (here.now + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
        first = (
            hour.replace(tzinfo=None) if start == here.today else datetime.combine(start, time())
        )
    else:
        first = _first(rule, times or (USUAL_TIME,), start, here)
    text = rule.text()
    if len(times) > 1:
        hours = ",".join(str(each.hour) for each in times)
        text += f";BYHOUR={hours};BYMINUTE={times[0].minute}"
    end = _end(said, start, here)
    if end is not None:
        if end.astimezone(here.zone).replace(tzinfo=None) < first:
            return _OVER
        text += f";UNTIL={end:%Y%m%dT%H%M%SZ}"
    if said.count is not None:
        text += f";COUNT={said.count}"
    first_words = f"first on {in_words(first)}"
    return Schedule(
        text, first, f"{reading.label}, {first_words}" if reading.label else first_words
    )


def _first(rule: Rule, times: tuple[time, ...], start: date, here: Present) -> datetime:
    day = rule.first_date(start)
    for each in times:
        if here.at(day, each) > here.now:
            return datetime.combine(day, each)
    return datetime.combine(rule.first_date(day + _DAY), times[0])


def _end(said: When, start: date, here: Present) -> datetime | None:
    """The last second that counts, in UTC."""
    last: date | None = None
    if said.until is not None:
        last = said.until.options[-1]
    elif said.lasting is not None:
        last = month_after(start, said.lasting.months) + timedelta(days=said.lasting.days) - _DAY
    return None if last is None else here.at(last, time(23, 59, 59)).astimezone(UTC)
