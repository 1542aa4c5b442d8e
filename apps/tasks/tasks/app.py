"""The service put together: settings, resources, routes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from tasks import APP_ID, __version__
from tasks.handlers.task_crud import ROUTES
from tasks.lifecycle import TaskLifecycle
from tasks.repository import PostgresTaskRepository
from todo_shared.credentials import credentials_from
from todo_shared.dapr import DaprPubSubService, Sidecar
from todo_shared.database import Database
from todo_shared.relay import OutboxRelay
from todo_shared.service import create_service
from todo_shared.settings import DatabaseSettings, ServiceSettings


def create_app(settings: ServiceSettings, database_settings: DatabaseSettings) -> FastAPI:
    """task-service with these settings."""
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

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        async with sidecar:
            database.on_change(relay.reconnect)
            await database.start()
            relaying = asyncio.create_task(relay.run(), name="outbox-relay")
            try:
                yield
            finally:
                relay.stop()
                await relaying
                await database.stop()

    app = create_service(
        APP_ID,
        settings,
        version=__version__,
        summary="Owns tasks: one statement for the change and its event",
        lifespan=lifespan,
        checks={"sidecar": sidecar.ready, "database": database.ready},
    )
    app.state.lifecycle = TaskLifecycle(PostgresTaskRepository(database))
    app.include_router(ROUTES)
    return app
