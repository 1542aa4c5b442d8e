"""A small scheduler that keeps every invariant, stepped one action at a time.

Replicas share one database; any of them may be stopped at any point, also after its last action
took effect and before it could log it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from scheduler.trace import Action, TraceRecord

START = datetime(2026, 3, 28, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEYS = ("2026-03-28T01:00", "2026-03-28T02:00", "2026-03-28T03:00", "2026-03-28T04:00")
REPLICAS = ("a", "b", "c")

Step = Callable[[], object]


@dataclass
class Series:
    """One row, and what the world knows of it."""

    id: str
    cursor: int = 0
    fence: int = 1
    leased: bool = False
    edits: int = 0
    tasks: dict[str, str] = field(default_factory=dict)


@dataclass
class Work:
    """A claim in the hands of a replica."""

    series: Series
    fence: int
    cursor: int
    settled: bool = False


@dataclass
class Reminder:
    """One row of reminders."""

    id: str
    trigger_time: datetime
    cancelable: bool
    status: str = "pending"
    moves: int = 0


class ReferenceScheduler:
    """Two series and the reminders of one task; `steps` are what may happen next."""

    def __init__(self) -> None:
        self.now = START
        self.series = [Series("daily"), Series("edited")]
        self.reminders: list[Reminder] = []
        self.working: dict[str, Work] = {}
        self.logs: dict[str, list[TraceRecord]] = {name: [] for name in REPLICAS}

    def steps(self) -> list[Step]:
        """Every step that is possible now."""
        possible: list[Step] = [self._tick]
        for name in REPLICAS:
            possible += self._steps_of_series(name) + self._steps_of_reminders(name)
        possible += [partial(self._expire, series) for series in self.series if series.leased]
        if self.series[1].edits < 2:
            possible.append(self._edit)
        return possible

    def _steps_of_series(self, name: str) -> list[Step]:
        work = self.working.get(name)
        if work is not None and work.settled:
            return [partial(self._advance, name, work, logged) for logged in (True, False)]
        if work is not None:
            # It may also be killed, and start again with nothing in hand.
            killed = partial(self.working.pop, name)
            made, passed = partial(self._make, name, work), partial(self._pass_over, name, work)
            return [made, made, passed, killed]
        return [
            partial(self._claim, name, series, logged)
            for series in self.series
            if not series.leased and self._is_due(series.cursor)
            for logged in (True, True, False)
        ]

    def _steps_of_reminders(self, name: str) -> list[Step]:
        possible: list[Step] = []
        if len(self.reminders) < 4:
            possible += [partial(self._store, name, logged) for logged in (True, False)]
        for reminder in self.reminders:
            if reminder.status != "pending":
                continue
            if reminder.cancelable:
                possible.append(partial(self._end, name, reminder, Action.REMINDER_CANCELED))
            if reminder.trigger_time <= self.now:
                possible.append(partial(self._end, name, reminder, Action.REMINDER_FIRED))
            if reminder.moves < 2:
                possible.append(partial(self._move, name, reminder))
        return possible

    def _tick(self) -> None:
        self.now += HOUR / 2

    def _edit(self) -> None:
        """An event of the second series arrives."""
        series = self.series[1]
        series.edits += 1
        series.fence += 1
        series.leased = False

    def _expire(self, series: Series) -> None:
        series.leased = False

    def _is_due(self, cursor: int) -> bool:
        return cursor < len(KEYS) and self._due(cursor) <= self.now

    def _due(self, cursor: int) -> datetime:
        return START + (cursor + 1) * HOUR

    def _claim(self, name: str, series: Series, logged: bool) -> None:
        series.fence += 1
        series.leased = True
        if logged:
            work = self.working[name] = Work(series, series.fence, series.cursor)
            self._log_series(name, Action.CLAIMED, work, self._due(series.cursor))

    def _make(self, name: str, work: Work) -> None:
        key = KEYS[work.cursor]
        due = self._due(work.cursor)
        self._log_series(name, Action.INSTANCE_REQUESTED, work, due)
        task = work.series.tasks.setdefault(key, f"{work.series.id}/{key}")
        self._log_series(name, Action.INSTANCE_MADE, work, due, task)
        work.settled = True

    def _pass_over(self, name: str, work: Work) -> None:
        self._log_series(name, Action.PASSED_OVER, work, self._due(work.cursor))
        work.settled = True

    def _advance(self, name: str, work: Work, logged: bool) -> None:
        series = work.series
        del self.working[name]
        if (series.fence, series.cursor) != (work.fence, work.cursor):
            self._log_series(name, Action.LEASE_LOST, work, None)
            return
        series.cursor += 1
        series.leased = logged and self._is_due(series.cursor)
        if logged:
            self._log_series(name, Action.CURSOR_ADVANCED, work, None)
        if series.leased:
            self.working[name] = Work(series, work.fence, series.cursor)

    def _store(self, name: str, logged: bool) -> None:
        number = len(self.reminders)
        reminder = Reminder(f"reminder-{number}", self.now + HOUR, cancelable=number % 2 == 0)
        self.reminders.append(reminder)
        if logged:
            self._log_reminder(name, Action.REMINDER_STORED, reminder)

    def _move(self, name: str, reminder: Reminder) -> None:
        reminder.moves += 1
        reminder.trigger_time += HOUR
        self._log_reminder(name, Action.REMINDER_STORED, reminder)

    def _end(self, name: str, reminder: Reminder, action: Action) -> None:
        reminder.status = action.value
        self._log_reminder(name, action, reminder)

    def _log_series(
        self, name: str, action: Action, work: Work, due: datetime | None, task: str | None = None
    ) -> None:
        record = TraceRecord(
            at=self.now,
            replica=name,
            action=action,
            series_id=work.series.id,
            occurrence_key=KEYS[work.cursor],
            fence=work.fence,
            trigger_time=due,
            task_id=task,
        )
        self.logs[name].append(record)

    def _log_reminder(self, name: str, action: Action, reminder: Reminder) -> None:
        record = TraceRecord(
            at=self.now,
            replica=name,
            action=action,
            reminder_id=reminder.id,
            task_id="task",
            trigger_time=reminder.trigger_time,
        )
        self.logs[name].append(record)
