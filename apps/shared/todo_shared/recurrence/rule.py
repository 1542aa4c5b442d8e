"""A recurrence: a rule in a zone, and the instants it means."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from todo_shared.recurrence.cron import CronRule
from todo_shared.recurrence.errors import RecurrenceError
from todo_shared.recurrence.limits import COUNTED_YEARS, check_spacing, check_start, check_text
from todo_shared.recurrence.local_rule import End, LocalRule
from todo_shared.recurrence.occurrence import Occurrence, parse_key
from todo_shared.recurrence.policies import GapPolicy, OverlapPolicy, Policies, RuleKind
from todo_shared.recurrence.resolution import occurrences
from todo_shared.recurrence.rrule import RRule
from todo_shared.recurrence.zones import earliest_local, load_zone

_DEFAULTS: Final = Policies()
_LAST_YEAR: Final = 9900
_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A parsed rule; equal questions have equal answers, whatever was asked before."""

    rule: str
    kind: RuleKind
    zone: str
    starts_at: datetime
    policies: Policies
    """As given."""
    gap: GapPolicy
    """As given, or what this kind of rule does by tradition."""
    overlap: OverlapPolicy
    """As given, or what this kind of rule does by tradition."""
    local_rule: CronRule | RRule
    _zone: ZoneInfo
    _last: datetime | None = None
    """No occurrence is later than this."""

    @classmethod
    def parse(
        cls,
        rule: str,
        kind: RuleKind | str,
        zone: str,
        starts_at: datetime,
        policies: Policies = _DEFAULTS,
    ) -> "Recurrence":
        """Read `rule`, which begins at the wall-clock time `starts_at` (naive) in `zone`.

        Raises RecurrenceError, also when the rule never happens or happens too often.
        """
        check_text(rule)
        check_start(starts_at)
        try:
            known = RuleKind(kind)
        except ValueError as error:
            raise RecurrenceError(
                "is not a kind of rule", where=repr(kind), remedy="use cron or rrule"
            ) from error
        return parsed(rule, known, zone, starts_at, policies)

    def occurrences(self) -> Iterator[Occurrence]:
        """All of them from the start on, one after the other."""
        return self._from(self.starts_at)

    def first(self) -> Occurrence | None:
        """The first occurrence at or after the start."""
        return next(self.occurrences(), None)

    def after(self, instant: datetime, *, inclusive: bool = False) -> Occurrence | None:
        """The first occurrence after `instant`, or at it; None when the recurrence has ended.

        A rule that is silent for 50 years counts as ended. Raises ValueError for a naive instant.
        """
        return next(self._after(instant, inclusive=inclusive), None)

    def between(
        self, start: datetime, end: datetime, limit: int | None = None
    ) -> tuple[Occurrence, ...]:
        """At most `limit` occurrences with start <= instant < end, in order."""
        _check_aware(end)
        found = self._after(start, inclusive=True)
        return tuple(islice(_while_before(found, end), limit))

    def following(self, instant: datetime, limit: int) -> tuple[Occurrence, ...]:
        """The next `limit` occurrences after `instant`, or fewer when the recurrence ends."""
        return tuple(islice(self._after(instant, inclusive=False), limit))

    def find(self, key: str) -> Occurrence | None:
        """The occurrence called `key`, where today's time zone data puts it.

        None when the rule does not name it, or the policies leave it out.
        """
        local, fold = parse_key(key)
        if local < self.starts_at:
            return None
        for occurrence in self._from(local - timedelta(days=2)):
            if (occurrence.local, occurrence.fold) == (local, fold):
                return occurrence
            if occurrence.local > local + timedelta(days=2):
                return None
        return None

    def _after(self, instant: datetime, *, inclusive: bool) -> Iterator[Occurrence]:
        _check_aware(instant)
        bound = instant.astimezone(UTC)
        if bound.year >= _LAST_YEAR:
            return iter(())
        start = self.starts_at
        if bound.year >= start.year:
            start = max(start, earliest_local(bound, self._zone))
        wanted = bound if inclusive else bound + _INSTANT
        return (each for each in self._from(start) if each.instant >= wanted)

    def _from(self, start: datetime) -> Iterator[Occurrence]:
        """Occurrences whose local time is `start` or later; start is not before starts_at."""
        times = self.local_rule.times_from(max(start, self.starts_at))
        found = occurrences(times, self._zone, self.gap, self.overlap)
        return found if self._last is None else _while_before(found, self._last + _INSTANT)


def _while_before(found: Iterator[Occurrence], end: datetime) -> Iterator[Occurrence]:
    for occurrence in found:
        if occurrence.instant >= end:
            return
        yield occurrence


def _check_aware(instant: datetime) -> None:
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone: give an aware instant")


@lru_cache(maxsize=4096)
def parsed(
    rule: str, kind: RuleKind, zone: str, starts_at: datetime, policies: Policies
) -> Recurrence:
    local_rule: CronRule | RRule
    if kind is RuleKind.CRON:
        local_rule = CronRule.parse(rule, policies.short_month)
    else:
        local_rule = RRule.parse(rule, starts_at, policies.short_month)
    gap, overlap = _tradition(kind, local_rule)
    recurrence = Recurrence(
        rule=rule,
        kind=kind,
        zone=zone,
        starts_at=starts_at,
        policies=policies,
        gap=policies.gap or gap,
        overlap=policies.overlap or overlap,
        local_rule=local_rule,
        _zone=load_zone(zone),
    )
    bounded = _ended(recurrence, local_rule.end)
    if bounded.first() is None:
        raise RecurrenceError(
            "never happens", where=f"rule {rule!r}", remedy="check its days, its end and its start"
        )
    check_spacing(local_rule, starts_at)
    return bounded


def _tradition(kind: RuleKind, rule: LocalRule) -> tuple[GapPolicy, OverlapPolicy]:
    if rule.follows_real_time:
        return GapPolicy.SKIP, OverlapPolicy.BOTH
    if kind is RuleKind.CRON:
        return GapPolicy.RUN_AT_END, OverlapPolicy.FIRST
    return GapPolicy.SHIFT_FORWARD, OverlapPolicy.FIRST


def _ended(recurrence: Recurrence, end: End) -> Recurrence:
    """With the last instant that COUNT, or UNTIL in UTC, allows. Raises RecurrenceError."""
    if end.count is None:
        return replace(recurrence, _last=end.instant)
    latest = recurrence.starts_at.replace(year=recurrence.starts_at.year + COUNTED_YEARS, day=1)
    made = 0
    for occurrence in recurrence.occurrences():
        made += 1
        if occurrence.local > latest:
            break
        if made == end.count:
            return replace(recurrence, _last=occurrence.instant)
    if made == 0:
        return recurrence
    raise RecurrenceError(
        f"takes more than {COUNTED_YEARS} years",
        where=f"COUNT={end.count}",
        remedy="use a smaller COUNT, or none",
    )
