"""The frame that all services share: FastAPI with telemetry, errors, health and metrics."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from todo_shared.errors import RESPONSES, install_error_handlers
from todo_shared.settings import ServiceSettings
from todo_shared.telemetry.middleware import TelemetryMiddleware

Check = Callable[[], Awaitable[bool]]
Lifespan = Callable[[], AbstractAsyncContextManager[None]]

_DESCRIPTION: Final = "Errors have one shape: `error` always, `code` and `correlation_id` if known."


OPERATIONS: Final = APIRouter(tags=["operations"])
METRICS: Final = APIRouter(tags=["operations"])


class Health(BaseModel):
    """The answer of /health and /ready."""

    status: str
    checks: dict[str, bool] = {}


@dataclass(slots=True)
class Readiness:
    """Whether traffic is wanted: all checks pass and nobody asked the service to stop."""

    checks: Mapping[str, Check]
    draining: bool = field(default=False)

    async def report(self) -> Health:
        """The result of each check, run now."""
        answers = await asyncio.gather(*(check() for check in self.checks.values()))
        results = dict(zip(self.checks, answers, strict=True))
        if self.draining:
            return Health(status="draining", checks=results)
        return Health(status="ready" if all(results.values()) else "unready", checks=results)


def create_service(
    name: str,
    settings: ServiceSettings,
    *,
    version: str,
    summary: str,
    lifespan: Lifespan,
    checks: Mapping[str, Check],
) -> FastAPI:
    """A service called `name` whose resources live as long as `lifespan` is entered."""
    readiness = Readiness(checks)

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncGenerator[None]:
        async with lifespan():
            yield

    app = FastAPI(
        title=name,
        version=version,
        summary=summary,
        description=_DESCRIPTION,
        lifespan=living,
        responses=RESPONSES,
        redoc_url=None,
    )
    app.state.readiness = readiness
    app.add_middleware(TelemetryMiddleware)
    install_error_handlers(app)
    app.include_router(OPERATIONS)
    if settings.enable_metrics:
        app.include_router(METRICS)
    return app


@OPERATIONS.get("/health")
async def health() -> Health:
    """The process works; its dependencies are not asked."""
    return Health(status="ok")


@OPERATIONS.get("/ready", response_model=Health)
async def ready(request: Request) -> JSONResponse:
    """The service can do its work now: sidecar and database answer."""
    readiness: Readiness = request.app.state.readiness
    report = await readiness.report()
    return JSONResponse(report.model_dump(), 200 if report.status == "ready" else 503)


@METRICS.get("/metrics", response_class=PlainTextResponse)
async def metrics() -> Response:
    """Metrics in Prometheus text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
