"""The service put together: settings, resources, routes, subscriptions."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from notifications import APP_ID, __version__
from notifications.consumers.task_events import task_created_consumer
from notifications.repository import PostgresDeliveryRepository
from notifications.routes.notifications import ROUTES
from todo_shared.credentials import credentials_from
from todo_shared.dapr import Sidecar
from todo_shared.database import Database
from todo_shared.service import create_service
from todo_shared.settings import DatabaseSettings, ServiceSettings


def create_app(settings: ServiceSettings, database_settings: DatabaseSettings) -> FastAPI:
    """notification-service with these settings."""
    sidecar = Sidecar(settings.sidecar_url, settings.sidecar_token)
    database = Database(
        credentials_from(database_settings),
        application=APP_ID,
        pool_size=database_settings.database_pool_size,
        acquire_seconds=database_settings.database_acquire_seconds,
    )
    repository = PostgresDeliveryRepository(database, consumer=APP_ID)

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        async with sidecar:
            await database.start()
            try:
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
    app.state.repository = repository
    app.include_router(ROUTES)
    events = APIRouter()
    task_created_consumer(repository).mount(events, "/events/task-created")
    app.include_router(events)
    return app
