"""The safety net: once a minute everything is looked at that a timer may have missed."""

import logging

from scheduler.jobs.recurring_generator import RecurringGenerator
from scheduler.jobs.reminder_checker import ReminderChecker
from scheduler.jobs.zone_update import ZoneUpdate
from scheduler.metrics import SWEEPS

_log = logging.getLogger(__name__)


class Sweep:
    """May be asked for by anybody, at any time, on every replica: it only reads and wakes."""

    def __init__(
        self, checker: ReminderChecker, generator: RecurringGenerator, zones: ZoneUpdate
    ) -> None:
        self._checker = checker
        self._generator = generator
        self._zones = zones

    async def __call__(self, cause: str) -> None:
        """Read due reminders again, look for due series, and once a night at the zone data."""
        await self._checker.refill()
        await self._zones.run_nightly()
        self._generator.wake()
        SWEEPS.labels(cause).inc()
