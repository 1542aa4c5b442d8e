"""Checks what replicas of the scheduler did against the invariants of its formal model.

The verdict does not depend on how the lines of several replicas are mixed: each replica's own
order, and the fences, order what touches one series; of a reminder only what happened counts, not
in which line. The last action of a killed replica may be missing.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

CLOCK_ERROR: Final = timedelta(milliseconds=10)
"""How far a replica may misjudge the database's clock between two measurements."""

_OTHER_FOLD: Final = "+f1"


class Action(StrEnum):
    """What a replica did, or saw done by an answer it got."""

    CLAIMED = "claimed"
    INSTANCE_REQUESTED = "instance_requested"
    INSTANCE_MADE = "instance_made"
    PASSED_OVER = "passed_over"
    CURSOR_ADVANCED = "cursor_advanced"
    LEASE_LOST = "lease_lost"
    REMINDER_STORED = "reminder_stored"
    REMINDER_FIRED = "reminder_fired"
    REMINDER_CANCELED = "reminder_canceled"


class Invariant(StrEnum):
    """The invariants, named as in the model."""

    NO_DUPLICATE_INSTANCE = "NoDuplicateInstance"
    NO_SKIPPED_INSTANCE = "NoSkippedInstance"
    NO_EARLY_FIRE = "NoEarlyFire"
    EDIT_AFFECTS_ONLY_LATER = "EditAffectsOnlyLater"
    FENCE_IDENTIFIES_CLAIM = "FenceIdentifiesClaim"
    AT_MOST_ONE_TRIGGER = "AtMostOneTrigger"
    NO_TRIGGER_AFTER_CANCEL = "NoTriggerAfterCancelAcknowledged"
    ONCE_EFFECT = "OnceEffect"


_NEEDED: Final[dict[Action, tuple[str, ...]]] = {
    Action.CLAIMED: ("series_id", "occurrence_key", "fence"),
    Action.INSTANCE_REQUESTED: ("series_id", "occurrence_key", "fence"),
    Action.INSTANCE_MADE: ("series_id", "occurrence_key", "fence"),
    Action.PASSED_OVER: ("series_id", "occurrence_key", "fence"),
    Action.CURSOR_ADVANCED: ("series_id", "occurrence_key", "fence"),
    Action.LEASE_LOST: ("series_id", "fence"),
    Action.REMINDER_STORED: ("reminder_id", "task_id", "trigger_time"),
    Action.REMINDER_FIRED: ("reminder_id", "task_id", "trigger_time"),
    Action.REMINDER_CANCELED: ("reminder_id", "task_id"),
}


class TraceRecord(BaseModel):
    """One action of one replica; `at` is the database's time as the replica knows it.

    `passed_over` is an occurrence that the catch-up policy leaves out, told before the cursor
    leaves it. Of a series, `trigger_time` is when the instance may be made, and `task_id` the
    instance: both may be left out, and are not checked then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: AwareDatetime
    replica: str = Field(min_length=1)
    action: Action
    series_id: str | None = None
    occurrence_key: str | None = None
    fence: int | None = Field(default=None, ge=0)
    reminder_id: str | None = None
    task_id: str | None = None
    trigger_time: AwareDatetime | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        missing = [name for name in _NEEDED[self.action] if getattr(self, name) is None]
        if missing:
            raise ValueError(f"{self.action.value} needs {', '.join(missing)}")
        return self


class TraceError(ValueError):
    """A line of a log is no record."""


@dataclass(frozen=True, slots=True)
class Violation:
    """The first record that does not fit, and the invariant it breaks."""

    invariant: Invariant
    record: TraceRecord
    reason: str

    def __str__(self) -> str:
        return f"{self.invariant.value}: {self.reason}: {self.record.model_dump_json()}"


def read_trace(lines: Iterable[str]) -> Iterator[TraceRecord]:
    """The records of a log, one JSON object a line; blank lines are passed over.

    Raises TraceError with the number of the first line that is no record.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield TraceRecord.model_validate_json(line)
        except ValidationError as error:
            raise TraceError(f"line {number}: {error.errors()[0]['msg']}") from error


def first_violation(
    records: Iterable[TraceRecord],
    *,
    schedules: Mapping[str, Sequence[str]] | None = None,
    both_passes: Collection[str] = (),
    clock_error: timedelta = CLOCK_ERROR,
) -> Violation | None:
    """The violation that comes first in the log; None when every invariant holds.

    `schedules` gives the occurrence keys of series whose rule was not edited, in order, from the
    first that is due. `both_passes` names series that want both passes through an overlap.
    """
    series: dict[str, list[_Line]] = {}
    reminders: dict[str, list[_Line]] = {}
    for number, record in enumerate(records):
        if record.series_id is not None:
            series.setdefault(record.series_id, []).append(_Line(number, record))
        if record.reminder_id is not None:
            reminders.setdefault(record.reminder_id, []).append(_Line(number, record))
    found: list[_Found | None] = []
    for series_id, lines in series.items():
        order = (schedules or {}).get(series_id)
        replay = _SeriesReplay(clock_error, order, both_passes=series_id in both_passes)
        found.append(_first(sorted(lines, key=_fence), replay.take))
    found += [_first(lines, _ReminderReplay(clock_error).take) for lines in reminders.values()]
    broken = [each for each in found if each is not None]
    return min(broken, key=lambda each: each[0])[1] if broken else None


def open_reminders(records: Iterable[TraceRecord]) -> list[TraceRecord]:
    """Of each reminder that was neither fired nor canceled, the record that stored it last."""
    stored: dict[str, TraceRecord] = {}
    over: set[str] = set()
    for record in records:
        if record.reminder_id is None:
            continue
        if record.action is not Action.REMINDER_STORED:
            over.add(record.reminder_id)
        elif record.reminder_id not in stored or stored[record.reminder_id].at <= record.at:
            stored[record.reminder_id] = record
    return [record for reminder_id, record in stored.items() if reminder_id not in over]


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    record: TraceRecord


def _fence(line: _Line) -> int:
    return line.record.fence or 0


_Found = tuple[int, Violation]


def _first(lines: Iterable[_Line], take: Callable[[TraceRecord], None]) -> _Found | None:
    for line in lines:
        try:
            take(line.record)
        except _BrokenError as error:
            return line.number, Violation(error.invariant, line.record, error.reason)
    return None


class _BrokenError(Exception):
    def __init__(self, invariant: Invariant, reason: str) -> None:
        super().__init__(reason)
        self.invariant = invariant
        self.reason = reason


def _require(holds: bool, invariant: Invariant, reason: str) -> None:
    if not holds:
        raise _BrokenError(invariant, reason)


def _require_in_time(record: TraceRecord, clock_error: timedelta) -> None:
    due = record.trigger_time
    in_time = due is None or record.at >= due - clock_error
    _require(in_time, Invariant.NO_EARLY_FIRE, "it happened before its time")


class _SeriesReplay:
    """One series, claim by claim: each event and each claim raises the fence."""

    def __init__(
        self, clock_error: timedelta, order: Sequence[str] | None, *, both_passes: bool
    ) -> None:
        self._clock_error = clock_error
        self._order = order
        self._both_passes = both_passes
        self._fence: int | None = None
        self._holder = ""
        self._lost = False
        # Where the cursor is, None when it is not known.
        self._cursor: str | None = order[0] if order else None
        self._settled: set[str] = set()
        self._left: set[str] = set()
        self._tasks: dict[str, str | None] = {}
        self._keys: dict[str, str] = {}

    def take(self, record: TraceRecord) -> None:
        """Check one record and remember it; raises _BrokenError."""
        if record.action is Action.CLAIMED:
            self._claim(record)
            return
        held = (record.fence, record.replica) == (self._fence, self._holder)
        _require(held, Invariant.FENCE_IDENTIFIES_CLAIM, "no claim of this replica has this fence")
        if record.action is Action.LEASE_LOST:
            self._lost = True
            return
        key = record.occurrence_key or ""
        _require(
            self._cursor in (None, key),
            Invariant.NO_SKIPPED_INSTANCE,
            f"the cursor is at {self._cursor}",
        )
        self._cursor = key
        match record.action:
            case Action.INSTANCE_MADE:
                self._make(record, key)
            case Action.PASSED_OVER:
                self._settled.add(key)
            case Action.CURSOR_ADVANCED:
                self._advance(key)
            case _:
                _require_in_time(record, self._clock_error)

    def _claim(self, record: TraceRecord) -> None:
        key, fence = record.occurrence_key or "", record.fence or 0
        fresh = self._fence is None or fence > self._fence
        _require(fresh, Invariant.FENCE_IDENTIFIES_CLAIM, "another claim has this fence")
        # Without a number between them, no event came between two claims.
        edited = self._fence is not None and fence > self._fence + 1
        _require(
            key not in self._left,
            Invariant.EDIT_AFFECTS_ONLY_LATER if edited else Invariant.FENCE_IDENTIFIES_CLAIM,
            "the cursor had left this occurrence",
        )
        goes_on = self._order is not None or not edited
        if goes_on and self._cursor not in (None, key):
            # Whoever moved the cursor was stopped before it could say so.
            _require(
                self._cursor in self._settled and self._following(self._cursor) in (None, key),
                Invariant.NO_SKIPPED_INSTANCE,
                f"the cursor was at {self._cursor}",
            )
        _require_in_time(record, self._clock_error)
        self._fence, self._holder, self._lost = fence, record.replica, False
        self._cursor, self._settled = key, set()

    def _make(self, record: TraceRecord, key: str) -> None:
        _require_in_time(record, self._clock_error)
        _require(
            self._order is None or key in self._order,
            Invariant.NO_DUPLICATE_INSTANCE,
            "the rule has no such occurrence",
        )
        task = self._tasks.get(key) or record.task_id
        _require(
            record.task_id in (None, task),
            Invariant.NO_DUPLICATE_INSTANCE,
            f"the instance of this occurrence is task {task}",
        )
        owner = self._keys.setdefault(task, key) if task else key
        _require(
            owner == key, Invariant.NO_SKIPPED_INSTANCE, f"this task is the instance of {owner}"
        )
        self._tasks[key] = task
        other = key.removesuffix(_OTHER_FOLD) if _OTHER_FOLD in key else key + _OTHER_FOLD
        _require(
            self._both_passes or other not in self._tasks,
            Invariant.NO_DUPLICATE_INSTANCE,
            f"the same local time has an instance already, as {other}",
        )
        self._settled.add(key)

    def _advance(self, key: str) -> None:
        _require(
            key in self._settled,
            Invariant.NO_SKIPPED_INSTANCE,
            "the cursor leaves an occurrence without its instance",
        )
        _require(not self._lost, Invariant.FENCE_IDENTIFIES_CLAIM, "the lease was lost before")
        _require(
            key not in self._left, Invariant.FENCE_IDENTIFIES_CLAIM, "the cursor left it before"
        )
        self._left.add(key)
        self._cursor = self._following(key)

    def _following(self, key: str | None) -> str | None:
        if self._order is None or key not in self._order:
            return None
        later = self._order[self._order.index(key) + 1 :]
        return later[0] if later else None


class _ReminderReplay:
    """One reminder: triggered once or canceled once, and never both."""

    def __init__(self, clock_error: timedelta) -> None:
        self._clock_error = clock_error
        self._stored: Counter[datetime | None] = Counter()
        self._over: set[Action] = set()

    def take(self, record: TraceRecord) -> None:
        """Check one record and remember it; raises _BrokenError."""
        match record.action:
            case Action.REMINDER_STORED:
                self._store(record)
                return
            case Action.REMINDER_FIRED:
                _require_in_time(record, self._clock_error)
                again = Invariant.AT_MOST_ONE_TRIGGER
            case _:
                again = Invariant.ONCE_EFFECT
        _require(record.action not in self._over, again, "it happened before")
        _require(not self._over, Invariant.NO_TRIGGER_AFTER_CANCEL, "it was triggered and canceled")
        self._over.add(record.action)

    def _store(self, record: TraceRecord) -> None:
        self._stored[record.trigger_time] += 1
        here = self._stored[record.trigger_time]
        # It is stored for a time again when it was moved away meanwhile.
        _require(
            here <= 1 + self._stored.total() - here,
            Invariant.ONCE_EFFECT,
            "it was stored for this time before",
        )
