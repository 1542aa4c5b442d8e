"""The service put together: settings, resources, routes, subscriptions, jobs."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from scheduler import APP_ID, __version__
from scheduler.clock import DatabaseClock
from scheduler.consumers.recurring_task_events import RecurringTaskEvents
from scheduler.consumers.task_events import TaskEvents
from scheduler.dapr.bindings import CronBindingWakeUp
from scheduler.dapr.task_service import TaskService
from scheduler.jobs.running import Jobs
from scheduler.journal import Journal
from scheduler.reminding import Reminding
from scheduler.repository.reminders import ReminderRepository
from scheduler.repository.replicas import ReplicaRepository
from scheduler.repository.series import SeriesRepository
from scheduler.repository.tasks import Defaults, TaskRepository
from scheduler.routes.reminders import ROUTES
from scheduler.settings import SchedulerSettings
from scheduler.wake_up import IntervalWakeUp, WakeUp
from todo_shared.credentials import credentials_from
from todo_shared.dapr import DaprPubSubService, DaprServiceInvocation, Sidecar
from todo_shared.database import Database
from todo_shared.forgetting import Forgetting
from todo_shared.relay import OutboxRelay
from todo_shared.service import create_service
from todo_shared.settings import DatabaseSettings, ServiceSettings


def create_app(
    settings: ServiceSettings, database_settings: DatabaseSettings, own: SchedulerSettings
) -> FastAPI:
    """scheduler-service with these settings."""
    sidecar = Sidecar(settings.sidecar_url, settings.sidecar_token)
    database = Database(
        credentials_from(database_settings),
        application=APP_ID,
        pool_size=database_settings.database_pool_size,
        acquire_seconds=database_settings.database_acquire_seconds,
    )
    relay = OutboxRelay(
        database.listening,
        DaprPubSubService(sidecar, settings.pubsub_name, settings.topic_prefix),
        source=APP_ID,
    )
    clock = DatabaseClock()
    journal = Journal(own.scheduler_replica, clock, own.scheduler_trace_path)
    series = SeriesRepository(database, APP_ID)
    reminders = ReminderRepository(database)
    defaults = Defaults(own.reminder_offsets, own.reminder_channel)
    tasks = TaskRepository(database, APP_ID, defaults)
    task_service = TaskService(DaprServiceInvocation(sidecar))
    wake_up: WakeUp = CronBindingWakeUp() if own.wake_up == "dapr-cron" else IntervalWakeUp()
    jobs = Jobs(
        database=database,
        series=series,
        reminders=reminders,
        replicas=ReplicaRepository(database),
        task_service=task_service,
        clock=clock,
        journal=journal,
        wake_up=wake_up,
        own=own,
    )

    forgetting = Forgetting(database)

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        with journal:
            async with sidecar:
                database.on_change(relay.reconnect)
                await database.start()
                relaying = asyncio.create_task(relay.run(), name="outbox-relay")
                try:
                    async with jobs, forgetting.running():
                        yield
                finally:
                    relay.stop()
                    await relaying
                    await database.stop()

    app = create_service(
        APP_ID,
        settings,
        version=__version__,
        summary="Makes recurring tasks when their time comes, and fires reminders, once each",
        lifespan=lifespan,
        checks={"sidecar": sidecar.ready, "database": database.ready},
    )
    app.state.reminding = Reminding(reminders, tasks, task_service, clock, journal)
    app.include_router(ROUTES)
    events = APIRouter()
    TaskEvents(tasks, journal).mount(events)
    RecurringTaskEvents(series).mount(events)
    wake_up.mount(events, jobs.sweep)
    app.include_router(events)
    return app
