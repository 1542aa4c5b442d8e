"""The jobs of one replica, started and stopped together."""

import asyncio
import logging
from datetime import timedelta
from types import TracebackType
from typing import Self

from scheduler.clock import DatabaseClock
from scheduler.dapr.task_service import TaskService
from scheduler.jobs.recurring_generator import RecurringGenerator
from scheduler.jobs.reminder_checker import ReminderChecker
from scheduler.jobs.sweep import Sweep
from scheduler.jobs.zone_update import ZoneUpdate
from scheduler.journal import Journal
from scheduler.membership import Membership
from scheduler.notices import Notices
from scheduler.repository.reminders import ReminderRepository
from scheduler.repository.replicas import ReplicaRepository
from scheduler.repository.series import SeriesRepository
from scheduler.settings import SchedulerSettings
from scheduler.wake_up import WakeUp
from todo_shared.database import Database

_log = logging.getLogger(__name__)


class Jobs:
    """Timer, generator, heartbeat, notices and wake-ups; `async with` runs them."""

    def __init__(
        self,
        *,
        database: Database,
        series: SeriesRepository,
        reminders: ReminderRepository,
        replicas: ReplicaRepository,
        task_service: TaskService,
        clock: DatabaseClock,
        journal: Journal,
        wake_up: WakeUp,
        own: SchedulerSettings,
    ) -> None:
        self._membership = Membership(replicas, clock, own.scheduler_replica)
        self._checker = ReminderChecker(reminders, self._membership, clock, journal)
        self._generator = RecurringGenerator(
            series,
            task_service,
            clock,
            journal,
            replica=own.scheduler_replica,
            lease_seconds=own.lease_seconds,
            grace=timedelta(seconds=own.catch_up_grace_seconds),
        )
        self.sweep = Sweep(self._checker, self._generator, ZoneUpdate(series, clock))
        self._notices = Notices(
            database.listening, self._checker, self._generator.wake, self._caught_up
        )
        self._wake_up = wake_up
        self._stoppable: list[asyncio.Task[None]] = []
        self._cancelable: list[asyncio.Task[None]] = []
        database.on_change(self._notices.reconnect)

    async def _caught_up(self) -> None:
        # The heartbeat first: it measures the clock by which the timer works.
        await self._membership.beat()
        await self.sweep("connected")

    async def __aenter__(self) -> Self:
        self._stoppable = [
            asyncio.create_task(self._checker.run(), name="reminder-checker"),
            asyncio.create_task(self._generator.run(), name="recurring-generator"),
            asyncio.create_task(self._notices.run(), name="notices"),
        ]
        self._cancelable = [
            asyncio.create_task(self._membership.run(), name="heartbeat"),
            asyncio.create_task(self._wake_up.run(self.sweep), name="wake-up"),
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._checker.stop()
        self._generator.stop()
        self._notices.stop()
        for task in self._cancelable:
            task.cancel()
        await asyncio.gather(*self._stoppable, *self._cancelable, return_exceptions=True)
        await self._membership.leave()
