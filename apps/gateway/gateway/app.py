"""The gateway put together: settings, resources, middleware, routes."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from gateway import APP_ID, __version__
from gateway.downstream import Downstream
from gateway.keys import KeySet
from gateway.middleware.auth import TokenVerifier
from gateway.middleware.security_headers import SecurityHeadersMiddleware
from gateway.routes import notifications, tasks
from gateway.settings import GatewaySettings
from todo_shared.dapr import DaprServiceInvocation, Sidecar
from todo_shared.service import create_service
from todo_shared.settings import ServiceSettings


def create_app(settings: ServiceSettings, gateway_settings: GatewaySettings) -> FastAPI:
    """api-gateway with these settings."""
    sidecar = Sidecar(settings.sidecar_url, settings.sidecar_token)
    invocation = DaprServiceInvocation(sidecar, gateway_settings.invoke_seconds)
    keys = KeySet(gateway_settings.jwks_path)

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        async with sidecar:
            yield

    async def keys_usable() -> bool:
        return keys.usable()

    app = create_service(
        APP_ID,
        settings,
        version=__version__,
        summary="The public API: token check and routing",
        lifespan=lifespan,
        checks={"sidecar": sidecar.ready, "keys": keys_usable},
    )
    app.state.verifier = TokenVerifier(keys, gateway_settings)
    app.state.tasks = Downstream(invocation, gateway_settings.task_app_id)
    app.state.notifications = Downstream(invocation, gateway_settings.notification_app_id)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=gateway_settings.origins,
        allow_methods=["GET", "POST", "PATCH", "DELETE"],
        allow_headers=["authorization", "content-type", "idempotency-key", "x-correlation-id"],
        expose_headers=["x-correlation-id", "x-trace-id"],
        max_age=600,
    )
    app.add_middleware(SecurityHeadersMiddleware)
    app.include_router(tasks.ROUTES, prefix="/api/v1")
    app.include_router(notifications.ROUTES, prefix="/api/v1")
    return app
