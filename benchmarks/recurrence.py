"""Microseconds to the next date of a recurrence, beside croniter, cronsim and dateutil.

python benchmarks/recurrence.py        one table; 1 when a row misses its target

Every contender answers the same question in America/New_York: the first date after an instant in
2026 of a rule that began in 2016 and is already read. `next` goes on from a date already found;
there dateutil does less, for it does not look where its local times really are. CPU time is
counted, the best of several rounds, so that a busy machine changes little.
"""

import sys
import time
import timeit
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim
from dateutil.rrule import rrulestr
from rich.console import Console
from rich.table import Table

from todo_shared.recurrence import Recurrence
from todo_shared.recurrence.rule import parsed

ZONE = "America/New_York"
START = datetime(2016, 1, 1, 9)
INSTANT = datetime(2026, 6, 1, 12, tzinfo=UTC)
LOCAL = INSTANT.astimezone(ZoneInfo(ZONE))
LEAP_DAY = "0 9 29 2 *"
CRON_RULES = ("30 9 * * *", "*/15 * * * *", "0 9 * * MON-FRI", "0 9 L * *", LEAP_DAY)
RRULES = (
    "FREQ=DAILY",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3",
    "FREQ=HOURLY",
)
ROUNDS, ROUND_SECONDS = 5, 0.05
STEPS = 100
TARGETS = {"after": 500.0, "next": 250.0}


@dataclass(frozen=True)
class Row:
    """One rule and what each program takes for it, in microseconds; the first is ours."""

    rule: str
    question: str
    ours: float
    others: dict[str, float]

    @property
    def gain(self) -> float:
        """How many times the quickest of the others takes as long."""
        return min(self.others.values()) / self.ours

    @property
    def met(self) -> bool:
        """Whether the date is there soon enough."""
        return self.ours <= TARGETS[self.question]


def microseconds(action: Callable[[], object], each: int = 1) -> float:
    """CPU time of one `action`, or of one of the `each` things it does."""
    timer = timeit.Timer(action, timer=time.process_time)
    number = 1
    while (spent := timer.timeit(number)) < ROUND_SECONDS:
        number *= 2 if spent > ROUND_SECONDS / 20 else 10
    return min(timer.repeat(ROUNDS, number)) / number / each * 1e6


def steps(dates: Iterator[object]) -> Callable[[], None]:
    """Take the next hundred of endless `dates`."""

    def take() -> None:
        for _ in range(STEPS):
            next(dates)

    return take


def cron_rows(rule: str) -> list[Row]:
    """A cron rule against croniter and cronsim."""
    recurrence = Recurrence.parse(rule, "cron", ZONE, START)
    theirs, simulator = croniter(rule, LOCAL, ret_type=datetime), CronSim(rule, LOCAL)
    after = {
        "croniter": microseconds(lambda: theirs.get_next(start_time=LOCAL)),
        "cronsim": microseconds(lambda: next(copy(simulator))),
    }
    rows = [Row(rule, "after", microseconds(lambda: recurrence.after(INSTANT)), after)]
    if rule == LEAP_DAY:
        return rows
    going_on = {
        "croniter": microseconds(steps(croniter(rule, LOCAL, ret_type=datetime)), STEPS),
        "cronsim": microseconds(steps(copy(simulator)), STEPS),
    }
    return [*rows, Row(rule, "next", going_on_ours(recurrence), going_on)]


def rrule_rows(rule: str) -> list[Row]:
    """An RRULE against dateutil."""
    recurrence = Recurrence.parse(rule, "rrule", ZONE, START)
    theirs = rrulestr(rule, dtstart=START.replace(tzinfo=ZoneInfo(ZONE)))
    after = {"dateutil": microseconds(lambda: theirs.after(LOCAL))}
    going_on = {"dateutil": microseconds(lambda: list(islice(theirs, STEPS)), STEPS)}
    return [
        Row(rule, "after", microseconds(lambda: recurrence.after(INSTANT)), after),
        Row(rule, "next", going_on_ours(recurrence), going_on),
    ]


def going_on_ours(recurrence: Recurrence) -> float:
    """One of the next hundred dates."""
    return microseconds(lambda: recurrence.following(INSTANT, STEPS), STEPS)


def parse_row(rule: str, kind: str) -> str:
    """Milliseconds of reading and checking a rule, without the memory of earlier ones."""

    def parse() -> None:
        parsed.cache_clear()
        Recurrence.parse(rule, kind, ZONE, START)

    return f"{microseconds(parse) / 1000:.2f}"


def main() -> int:
    """Print the tables; 1 when a row missed its target."""
    console = Console()
    rows = [row for rule in CRON_RULES for row in cron_rows(rule)]
    rows += [row for rule in RRULES for row in rrule_rows(rule)]
    names = ("croniter", "cronsim", "dateutil")
    table = Table("rule", "question", "ours", *names, "gain", "target", title="microseconds")
    for row in rows:
        others = [f"{row.others[name]:.1f}" if name in row.others else "" for name in names]
        table.add_row(
            *(row.rule, row.question, f"{row.ours:.1f}", *others),
            *(f"{row.gain:.1f}", f"{TARGETS[row.question]:.0f}"),
        )
    console.print(table)
    reading = Table("rule", "milliseconds", title="reading and checking a new rule")
    for rule in CRON_RULES:
        reading.add_row(rule, parse_row(rule, "cron"))
    for rule in RRULES:
        reading.add_row(rule, parse_row(rule, "rrule"))
    console.print(reading)
    return int(not all(row.met for row in rows))


if __name__ == "__main__":
    sys.exit(main())
