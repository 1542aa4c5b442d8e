"""The service put together: settings, resources, routes, subscriptions."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI

from analytics import APP_ID, __version__
from analytics.consumers.subscriptions import subscriptions
from analytics.figures import Figures
from analytics.repository.live import LiveProjections
from analytics.repository.reports import PostgresReportRepository
from analytics.routes.reports import ROUTES
from analytics.settings import AnalyticsSettings
from todo_shared.credentials import credentials_from
from todo_shared.dapr import Sidecar
from todo_shared.database import Database
from todo_shared.forgetting import Forgetting
from todo_shared.service import create_service
from todo_shared.settings import DatabaseSettings, ServiceSettings

INBOXES: Final = ("projection_a.event_inbox", "projection_b.event_inbox")


def create_app(
    settings: ServiceSettings,
    database_settings: DatabaseSettings,
    own: AnalyticsSettings | None = None,
) -> FastAPI:
    """analytics-service with these settings."""
    sidecar = Sidecar(settings.sidecar_url, settings.sidecar_token)
    database = Database(
        credentials_from(database_settings),
        application=APP_ID,
        pool_size=database_settings.database_pool_size,
        acquire_seconds=database_settings.database_acquire_seconds,
    )
    reports = PostgresReportRepository(database)
    figures = Figures(reports, (own or AnalyticsSettings()).figures_seconds)

    forgetting = Forgetting(database, INBOXES)

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        async with sidecar:
            await database.start()
            reading = asyncio.create_task(figures.run(), name="figures")
            try:
                async with forgetting.running():
                    yield
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
                await database.stop()

    app = create_service(
        APP_ID,
        settings,
        version=__version__,
        summary="Counts what happened, and reports it to whom it concerns",
        lifespan=lifespan,
        checks={"sidecar": sidecar.ready, "database": database.ready},
    )
    app.state.reports = reports
    app.include_router(ROUTES)
    app.include_router(subscriptions(LiveProjections(database)))
    return app
