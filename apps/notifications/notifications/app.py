"""The service put together: settings, resources, routes, subscriptions."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from notifications import APP_ID, __version__
from notifications.consumers.reminder_events import (
    reminder_canceled_consumer,
    reminder_triggered_consumer,
)
from notifications.consumers.task_events import task_created_consumer
from notifications.consumers.user_events import user_registered_consumer
from notifications.delivering import Delivering
from notifications.live import LiveStreams
from notifications.repository.deliveries import PostgresDeliveryRepository
from notifications.repository.recipients import PostgresRecipientRepository
from notifications.repository.recording import EventEffects, PostgresEventEffects
from notifications.routes import news, notifications, recipients, sending, stream
from notifications.senders import senders
from notifications.settings import DeliverySettings
from todo_shared.credentials import credentials_from
from todo_shared.dapr import DaprBindings, Sidecar
from todo_shared.database import Database
from todo_shared.forgetting import Forgetting
from todo_shared.service import create_service
from todo_shared.settings import DatabaseSettings, ServiceSettings


def create_app(
    settings: ServiceSettings,
    database_settings: DatabaseSettings,
    delivery_settings: DeliverySettings | None = None,
) -> FastAPI:
    """notification-service with these settings."""
    deliver = delivery_settings or DeliverySettings()
    sidecar = Sidecar(settings.sidecar_url, settings.sidecar_token)
    database = Database(
        credentials_from(database_settings),
        application=APP_ID,
        pool_size=database_settings.database_pool_size,
        acquire_seconds=database_settings.database_acquire_seconds,
    )
    streams = LiveStreams()
    bindings = DaprBindings(sidecar, deliver.delivery_send_seconds)
    delivering = Delivering(database, senders(bindings), streams, deliver)
    forgetting = Forgetting(database)

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        async with sidecar:
            await database.start()
            try:
                async with delivering.running(), forgetting.running():
                    yield
            finally:
                await database.stop()

    app = create_service(
        APP_ID,
        settings,
        version=__version__,
        summary="Turns events into deliveries, once each",
        lifespan=lifespan,
        checks={"sidecar": sidecar.ready, "database": database.ready},
    )
    effects = PostgresEventEffects(database, consumer=APP_ID)
    app.state.deliveries = PostgresDeliveryRepository(database)
    app.state.recipients = PostgresRecipientRepository(database)
    app.state.effects = effects
    app.state.streams = streams
    # The stream first: its path would pass for the id of a notification.
    for routes in (stream, news, notifications, recipients, sending):
        app.include_router(routes.ROUTES)
    app.include_router(_subscriptions(effects))
    return app


def _subscriptions(effects: EventEffects) -> APIRouter:
    events = APIRouter()
    task_created_consumer(effects).mount(events, "/events/task-created")
    reminder_triggered_consumer(effects).mount(events, "/events/reminder-triggered")
    reminder_canceled_consumer(effects).mount(events, "/events/reminder-canceled")
    user_registered_consumer(effects).mount(events, "/events/user-registered")
    return events
