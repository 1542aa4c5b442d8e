"""Makes the instances of recurring tasks when their generation time has come.

Claim, ask, advance: a replica leases a due series, asks task-service for the instance, which is
idempotent, and moves the cursor if nobody else did meanwhile. Wherever it stops, another replica
takes the series over when the lease ends and finds what was done.
"""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from scheduler.clock import DatabaseClock
from scheduler.dapr.task_service import Outcome, TaskService
from scheduler.journal import Journal
from scheduler.metrics import INSTANCES, SERIES_DUE
from scheduler.models.series import Cursor, Series, Step, relocated, steps
from scheduler.repository.series import SeriesRepository
from scheduler.trace import Action
from todo_shared.failures import is_transient
from todo_shared.recurrence import TZDATA_VERSION, RecurrenceError
from todo_shared.telemetry.context import accept, working_in

_log = logging.getLogger(__name__)

_BATCH: Final = 16
_LONGEST_SLEEP: Final = 60.0
_SLACK: Final = 0.005
_BACKOFF: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
_UNREADABLE_SECONDS: Final = 3600.0


def backoff(attempts: int) -> float:
    """Seconds until a series that was refused is tried again: 1, 2, 4 … 60."""
    return _BACKOFF[min(attempts, len(_BACKOFF) - 1)]


class RecurringGenerator:
    """The generator of one replica."""

    def __init__(
        self,
        repository: SeriesRepository,
        tasks: TaskService,
        clock: DatabaseClock,
        journal: Journal,
        *,
        replica: str,
        lease_seconds: float,
        grace: timedelta,
    ) -> None:
        self._repository = repository
        self._tasks = tasks
        self._clock = clock
        self._journal = journal
        self._replica = replica
        self._lease_seconds = lease_seconds
        self._grace = grace
        self._woken = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Look again: a series was changed, or time has passed unwatched."""
        self._woken.set()

    def stop(self) -> None:
        """Let `run` return after the series in hand."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Generate until `stop`, then give the leases back."""
        while not self._stopping:
            self._woken.clear()
            try:
                while not self._stopping and await self.generate():
                    pass
                pause = await self._until_next()
            except Exception as error:
                _log.warning(
                    "generating is tried again: %s", error, exc_info=not is_transient(error)
                )
                pause = backoff(0)
            await self._sleep(pause)
        await self._give_back()

    async def generate(self) -> bool:
        """Work on due series; False when there was none. Raises what the database raises."""
        claimed = await self._repository.claim(self._replica, self._lease_seconds, _BATCH)
        for series in claimed:
            self._journal.claimed(series)
        async with asyncio.TaskGroup() as group:
            for series in claimed:
                group.create_task(self._work_on(series))
        return bool(claimed)

    async def _work_on(self, series: Series) -> None:
        # No request caused this: it is a trace of its own.
        with working_in(accept("", "", "")):
            try:
                await self._go_through(series)
            except (RecurrenceError, ValueError):
                _log.exception("series cannot be read", extra={"series_id": series.id})
                await self._repository.release(series, _UNREADABLE_SECONDS)
            except Exception as error:
                if not is_transient(error):
                    raise
                # The lease ends by itself, and whoever comes next finds what was done.
                _log.warning("series left as it is: %s", error, extra={"series_id": series.id})

    async def _go_through(self, series: Series) -> None:
        way = await asyncio.to_thread(_way, series, self._clock.now(), self._grace)
        if not way:
            cursor = await asyncio.to_thread(relocated, series)
            if not await self._repository.relocate(series, cursor):
                self._journal.lease_lost(series)
            return
        for number, step in enumerate(way, 1):
            more = number < len(way) and not self._stopping
            moved = await self._take(series, step, more=more)
            if moved is None:
                return
            series = moved
            if not more:
                return

    async def _take(self, series: Series, step: Step, *, more: bool) -> Series | None:
        """Make the instance if it is wanted and go one on; None when this replica must stop."""
        if not step.wanted:
            self._journal.instance(Action.PASSED_OVER, series, step.occurrence)
        elif not await self._make(series, step):
            return None
        keep = self._lease_seconds if more else 0.0
        if not await self._repository.advance(series, step.following, keep):
            self._journal.lease_lost(series)
            return None
        self._journal.cursor_advanced(series, step.occurrence.key)
        return _moved(series, step.following)

    async def _make(self, series: Series, step: Step) -> bool:
        self._journal.instance(Action.INSTANCE_REQUESTED, series, step.occurrence)
        answer = await self._tasks.make_instance(series, step.occurrence, step.following)
        INSTANCES.labels(answer.outcome.value).inc()
        if answer.outcome is Outcome.MADE:
            self._journal.instance(Action.INSTANCE_MADE, series, step.occurrence)
            return True
        seconds = backoff(series.attempts)
        _log.warning(
            "instance not made: %s",
            answer.reason,
            extra={
                "series_id": series.id,
                "occurrence_key": step.occurrence.key,
                "retry_seconds": seconds,
            },
        )
        if not await self._repository.release(series, seconds):
            self._journal.lease_lost(series)
        return False

    async def _until_next(self) -> float:
        outlook = await self._repository.outlook()
        SERIES_DUE.set(outlook.due)
        if outlook.seconds is None:
            return _LONGEST_SLEEP
        return min(max(outlook.seconds, 0.0) + _SLACK, _LONGEST_SLEEP)

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except TimeoutError:
            return

    async def _give_back(self) -> None:
        try:
            await self._repository.give_back(self._replica)
        except Exception as error:
            if not is_transient(error):
                raise
            _log.warning("leases end by themselves: %s", error)


def _way(series: Series, now: datetime, grace: timedelta) -> tuple[Step, ...]:
    """The steps to take; none when the zone data has changed, which may move the cursor."""
    if series.cursor is None or series.tzdata != TZDATA_VERSION:
        return ()
    # It was claimed, so by the database's clock it is due, whatever this replica knows of it.
    return steps(series, max(now, series.cursor.generation_at), grace)


def _moved(series: Series, cursor: Cursor | None) -> Series:
    return replace(series, cursor=cursor, attempts=0)
