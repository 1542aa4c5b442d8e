"""A series: a recurring task as the scheduler sees it, and the cursor on its next occurrence."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from todo_shared.events.payloads import RecurringTaskState
from todo_shared.recurrence import (
    TZDATA_VERSION,
    CatchUpPolicy,
    GapPolicy,
    Occurrence,
    OverlapPolicy,
    Policies,
    Recurrence,
    ShortMonthPolicy,
    to_make,
)

MAX_CATCH_UP: Final = 1000
"""So many occurrences are looked at in one claim; what is older waits for the next claim."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """What decides the occurrences; two equal ones have the same."""

    rule: str
    rule_kind: str
    time_zone: str
    starts_at: str
    gap_policy: str
    overlap_policy: str
    short_month_policy: str

    @classmethod
    def of(cls, state: RecurringTaskState) -> "Schedule":
        """The schedule that an event tells."""
        return cls(
            rule=state.recurrence_rule,
            rule_kind=state.rule_kind,
            time_zone=state.time_zone,
            starts_at=state.starts_at,
            gap_policy=state.gap_policy,
            overlap_policy=state.overlap_policy,
            short_month_policy=state.short_month_policy,
        )

    def recurrence(self) -> Recurrence:
        """The schedule, read; raises RecurrenceError or ValueError when it cannot be."""
        return Recurrence.parse(
            self.rule,
            self.rule_kind,
            self.time_zone,
            datetime.fromisoformat(self.starts_at),
            Policies(
                gap=GapPolicy(self.gap_policy),
                overlap=OverlapPolicy(self.overlap_policy),
                short_month=ShortMonthPolicy(self.short_month_policy),
            ),
        )


@dataclass(frozen=True, slots=True)
class Cursor:
    """The next occurrence, and when its instance is made: `lead` before it."""

    key: str
    instant: datetime
    generation_at: datetime

    @classmethod
    def at(cls, occurrence: Occurrence | None, lead_minutes: int) -> "Cursor | None":
        """The cursor on `occurrence`; None at the end of a series."""
        if occurrence is None:
            return None
        generation_at = generation_time(occurrence, lead_minutes)
        return cls(occurrence.key, occurrence.instant, generation_at)


@dataclass(frozen=True, slots=True)
class Series:
    """One row of `series`, as claimed; `fence` grows with each claim and each event."""

    id: str
    user_id: str
    schedule: Schedule
    catch_up: CatchUpPolicy
    lead_minutes: int
    active: bool
    version: int
    cursor: Cursor | None
    tzdata: str = TZDATA_VERSION
    fence: int = 0
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """From one cursor to the next: the occurrence at it, made or passed over by policy."""

    occurrence: Occurrence
    wanted: bool
    following: Cursor | None


def generation_time(occurrence: Occurrence, lead_minutes: int) -> datetime:
    """When the instance of an occurrence is made."""
    return occurrence.instant - timedelta(minutes=lead_minutes)


def projected(state: RecurringTaskState, known: Series | None) -> Series:
    """The series after an event newer than `known`; its cursor never goes back over what was made.

    An event tells the next generation time that task-service knows. With the same schedule the
    later of the two cursors holds, which also passes over what came during a pause; another
    schedule begins where the event says. Raises RecurrenceError or ValueError for a bad rule.
    """
    schedule = Schedule.of(state)
    active = state.active and not state.deleted
    told = _told(state, schedule) if active else None
    same = known is not None and known.schedule == schedule
    own = _replaced(known, state.lead_minutes) if known is not None and same else None
    if not active:
        cursor = own
    elif own is not None and told is not None:
        cursor = max(own, told, key=lambda cursor: cursor.instant)
    else:
        cursor = told
    return Series(
        id=state.recurring_task_id,
        user_id=state.user_id,
        schedule=schedule,
        catch_up=CatchUpPolicy(state.catch_up_policy),
        lead_minutes=state.lead_minutes,
        active=active,
        version=state.version,
        cursor=cursor,
    )


def _told(state: RecurringTaskState, schedule: Schedule) -> Cursor | None:
    if state.next_generation_time is None:
        return None
    instant = state.next_generation_time + timedelta(minutes=state.lead_minutes)
    occurrence = schedule.recurrence().after(instant, inclusive=True)
    return Cursor.at(occurrence, state.lead_minutes)


def _replaced(known: Series, lead_minutes: int) -> Cursor | None:
    if known.cursor is None:
        return None
    lead = timedelta(minutes=lead_minutes)
    return Cursor(known.cursor.key, known.cursor.instant, known.cursor.instant - lead)


def steps(series: Series, now: datetime, grace: timedelta) -> tuple[Step, ...]:
    """The way of the cursor over everything whose generation time has come, oldest first.

    What is older than `grace` was missed, and the catch-up policy says which of that is made.
    Empty when the cursor is not where the rule puts it: then `relocated` comes first.
    Raises RecurrenceError or ValueError when the rule cannot be read.
    """
    cursor = series.cursor
    if cursor is None or cursor.generation_at > now:
        return ()
    recurrence = series.schedule.recurrence()
    end = now + timedelta(minutes=series.lead_minutes) + timedelta(microseconds=1)
    found = recurrence.between(cursor.instant, end, MAX_CATCH_UP)
    if not found or found[0].key != cursor.key:
        return ()
    missed = [each for each in found if generation_time(each, series.lead_minutes) < now - grace]
    more_missed = len(missed) == MAX_CATCH_UP and series.catch_up is CatchUpPolicy.LATEST
    made = () if more_missed else to_make(missed, series.catch_up)
    wanted = {each.key for each in (*made, *found[len(missed) :])}
    last = recurrence.after(found[-1].instant)
    following = [Cursor.at(each, series.lead_minutes) for each in (*found[1:], last)]
    return tuple(
        Step(occurrence, occurrence.key in wanted, after)
        for occurrence, after in zip(found, following, strict=True)
    )


def relocated(series: Series) -> Cursor | None:
    """The cursor where today's zone data puts it: by its key, which does not change.

    When the zone data leaves the occurrence out, the next one after its old instant takes over.
    Raises RecurrenceError or ValueError when the rule cannot be read.
    """
    if series.cursor is None:
        return None
    recurrence = series.schedule.recurrence()
    occurrence = recurrence.find(series.cursor.key)
    if occurrence is None:
        occurrence = recurrence.after(series.cursor.instant)
    return Cursor.at(occurrence, series.lead_minutes)
