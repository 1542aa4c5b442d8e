"""From the wall-clock times a rule names to the instants they are, in order and without doubles."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import cast
from zoneinfo import ZoneInfo

from todo_shared.recurrence.occurrence import Occurrence
from todo_shared.recurrence.policies import GapPolicy, OverlapPolicy
from todo_shared.recurrence.zones import end_of_gap

_Waiting = list[tuple[datetime, datetime, Occurrence]]


def occurrences(
    nominal: Iterable[datetime], zone: ZoneInfo, gap: GapPolicy, overlap: OverlapPolicy
) -> Iterator[Occurrence]:
    """The occurrences of increasing local times, by strictly increasing instant.

    Where two of them fall on one instant, the one whose local time exists stays; of several moved
    there by the gap policy, the one with the earliest local time.
    """
    # A local time inside a gap, or the second of two equal ones, comes later than some local times
    # that follow it. Those wait here until no following local time can come before them.
    waiting: _Waiting = []
    for local in nominal:
        placed = local.replace(tzinfo=zone)
        first = cast(timedelta, placed.utcoffset())
        second = cast(timedelta, placed.replace(fold=1).utcoffset())
        early = (local - first).replace(tzinfo=UTC)
        if first == second:
            if waiting:
                yield from _before(early, waiting)
                _discard(early, waiting)
            yield Occurrence(local, early)
        elif first > second:
            yield from _before(early, waiting)
            if overlap is not OverlapPolicy.SECOND:
                _discard(early, waiting)
                yield Occurrence(local, early)
            if overlap is not OverlapPolicy.FIRST:
                late = (local - second).replace(tzinfo=UTC)
                heappush(waiting, (late, local, Occurrence(local, late, fold=1)))
        elif gap is GapPolicy.SHIFT_FORWARD:
            heappush(waiting, (early, local, Occurrence(local, early)))
        elif gap is GapPolicy.RUN_AT_END:
            end = end_of_gap((local - second).replace(tzinfo=UTC), early, zone)
            heappush(waiting, (end, local, Occurrence(local, end)))
    while waiting:
        yield from _next(waiting)


def _before(instant: datetime, waiting: _Waiting) -> Iterator[Occurrence]:
    while waiting and waiting[0][0] < instant:
        yield from _next(waiting)


def _next(waiting: _Waiting) -> Iterator[Occurrence]:
    instant, _, occurrence = heappop(waiting)
    yield occurrence
    _discard(instant, waiting)


def _discard(instant: datetime, waiting: _Waiting) -> None:
    while waiting and waiting[0][0] == instant:
        heappop(waiting)
