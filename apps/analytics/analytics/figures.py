"""The figures of all users, read now and then for the metrics."""

import asyncio
import logging

from analytics.metrics import ACTIVE_SERIES, FIGURES_FAILED, REBUILD_OPEN, TASKS, USERS
from analytics.repository.reports import ReportRepository
from todo_shared.failures import is_transient

_log = logging.getLogger(__name__)


class Figures:
    """Keeps the gauges as old as `seconds` at most, while the database answers."""

    def __init__(self, reports: ReportRepository, seconds: float) -> None:
        self._reports = reports
        self._seconds = seconds

    async def run(self) -> None:
        """Read and wait, until cancelled."""
        while True:
            try:
                await self.refresh()
                FIGURES_FAILED.set(0)
            except Exception as error:
                FIGURES_FAILED.set(1)
                _log.warning("no figures this time: %s", error, exc_info=not is_transient(error))
            await asyncio.sleep(self._seconds)

    async def refresh(self) -> None:
        """Read all figures once; raises UnavailableError."""
        tasks = await self._reports.tasks(None)
        for status, number in tasks.model_dump().items():
            TASKS.labels(status).set(number)
        ACTIVE_SERIES.set(await self._reports.active_series(None))
        USERS.set(await self._reports.users())
        REBUILD_OPEN.set(await self._reports.rebuilding())
