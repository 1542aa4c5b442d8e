"""Puts the cursors of all series where new time zone data has them.

An occurrence is named by its local time, which stays; the instant follows the zone. The data is
pinned, so it changes with a release: the first sweep after a start finds what is to be done, and
one sweep each night finds what an older replica wrote meanwhile.
"""

import asyncio
import logging
from datetime import date
from typing import Final

from scheduler.clock import DatabaseClock
from scheduler.models.series import relocated
from scheduler.repository.series import SeriesRepository
from todo_shared.recurrence import RecurrenceError

_log = logging.getLogger(__name__)
_BATCH: Final = 500


class ZoneUpdate:
    """The nightly work of one replica."""

    def __init__(self, repository: SeriesRepository, clock: DatabaseClock) -> None:
        self._repository = repository
        self._clock = clock
        self._done_on: date | None = None

    async def run_nightly(self) -> int:
        """Recompute unless that was done today (UTC); returns how many cursors were placed."""
        today = self._clock.now().date()
        if self._done_on == today:
            return 0
        placed = await self.recompute()
        self._done_on = today
        return placed

    async def recompute(self) -> int:
        """Place each cursor that other zone data had placed; returns how many."""
        placed = 0
        after = ""
        while found := await self._repository.of_other_zone_data(after, _BATCH):
            for series in found:
                try:
                    cursor = await asyncio.to_thread(relocated, series)
                except (RecurrenceError, ValueError):
                    _log.exception("series cannot be read", extra={"series_id": series.id})
                    continue
                placed += await self._repository.relocate(series, cursor)
            after = found[-1].id
        if placed:
            _log.info("time zone data has changed", extra={"series": placed})
        return placed
