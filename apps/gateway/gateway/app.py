"""The gateway put together: settings, resources, middleware, routes."""

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.middleware import Middleware

from gateway import APP_ID, __version__
from gateway.canary import Split
from gateway.circuit_breaker import CircuitBreaker, CircuitRules
from gateway.client_address import ClientAddresses
from gateway.counters import Counters
from gateway.downstream import Downstream, Target
from gateway.identity.module import Identity, create_identity
from gateway.identity.publisher import Publisher
from gateway.identity.signing_key import load_signing_key
from gateway.keys import KeySet
from gateway.live import LiveNotifications, OpenStreams
from gateway.middleware.auth import AuthenticationMiddleware, TokenVerifier
from gateway.middleware.body_limit import BodyLimitMiddleware
from gateway.middleware.rate_limit import HEADERS, RateLimitMiddleware, RateLimits
from gateway.middleware.security_headers import SecurityHeadersMiddleware
from gateway.redis_client import open_redis
from gateway.routes.forwarding import Service
from gateway.routes.identity import auth_paths, auth_router
from gateway.routes.versions import VERSIONS, Version
from gateway.routes.web import page_files, page_router
from gateway.settings import GatewaySettings, IdentitySettings
from gateway.shadow import Shadow
from gateway.sliding_window import SlidingWindow
from todo_shared.dapr import (
    DaprPubSubService,
    DaprServiceInvocation,
    DaprStateService,
    Sidecar,
    StateStore,
)
from todo_shared.service import create_service
from todo_shared.settings import ServiceSettings, SettingsError

_NO_IDENTITY: Final = IdentitySettings()
# Of the time that a call may take, how long an answer may be waited for; the rest is the way.
_WAITING_SHARE: Final = 2 / 3


def create_app(
    settings: ServiceSettings,
    gateway_settings: GatewaySettings,
    identity_settings: IdentitySettings = _NO_IDENTITY,
    versions: Mapping[str, Version] = VERSIONS,
) -> FastAPI:
    """api-gateway with these settings; raises SettingsError, SigningKeyError."""
    sidecar = Sidecar(settings.sidecar_url, settings.sidecar_token)
    # Streams wait for answers: they must not take the connections that the other calls need.
    waiting = Sidecar(settings.sidecar_url, settings.sidecar_token)
    keys = KeySet(gateway_settings.jwks_path)
    url = gateway_settings.redis_url
    counters = Counters(open_redis(url, gateway_settings)) if url else None
    identity = _identity(
        identity_settings,
        gateway_settings,
        keys=keys,
        counters=counters,
        store=DaprStateService(sidecar, identity_settings.state_store_name),
        publisher=DaprPubSubService(sidecar, settings.pubsub_name, settings.topic_prefix),
    )

    shadow = _shadow(gateway_settings, waiting)

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(sidecar)
            await stack.enter_async_context(waiting)
            if shadow is not None:
                await stack.enter_async_context(shadow)
            if counters is not None:
                stack.push_async_callback(counters.close)
            if identity is not None:
                await stack.enter_async_context(identity.running())
            yield

    async def keys_usable() -> bool:
        return keys.usable()

    app = create_service(
        APP_ID,
        settings,
        version=__version__,
        summary="The public API: identity, limits and routing",
        lifespan=lifespan,
        checks={"sidecar": sidecar.ready, "keys": keys_usable},
    )
    app.state.identity = identity
    targets = _targets(gateway_settings)
    app.state.services = _services(gateway_settings, sidecar, targets, shadow)
    app.state.live = _live(gateway_settings, waiting, targets)
    files = page_files()
    mounts = {f"/api/{name}": version for name, version in versions.items()}
    app.add_middleware(SecurityHeadersMiddleware)
    # Inside of telemetry, so that a refusal has the request's context too.
    app.user_middleware.extend(_middleware(gateway_settings, keys, counters, ["", *mounts], files))
    app.include_router(page_router(files))
    app.include_router(auth_router(""))
    for prefix, version in mounts.items():
        app.include_router(version(prefix, gateway_settings))
    return app


def _identity(
    settings: IdentitySettings,
    gateway_settings: GatewaySettings,
    *,
    keys: KeySet,
    counters: Counters | None,
    store: StateStore,
    publisher: Publisher,
) -> Identity | None:
    path = settings.identity_signing_key_path
    if path is None:
        return None
    if counters is None:
        raise SettingsError("IDENTITY_SIGNING_KEY_PATH needs REDIS_URL: logins must be counted")
    return create_identity(
        settings,
        gateway_settings,
        key=load_signing_key(path, keys),
        counters=counters,
        store=store,
        publisher=publisher,
    )


def _app_ids(settings: GatewaySettings) -> dict[Service, str]:
    return {
        Service.TASKS: settings.task_app_id,
        Service.NOTIFICATIONS: settings.notification_app_id,
        Service.SCHEDULER: settings.scheduler_app_id,
        Service.ANALYTICS: settings.analytics_app_id,
    }


@dataclass(frozen=True)
class _Targets:
    """What each service is called by, and the second release of it while there is one."""

    stable: Mapping[Service, Target]
    canary: Mapping[Service, Target]
    split: Split | None


def _targets(settings: GatewaySettings) -> _Targets:
    rules = CircuitRules(
        settings.breaker_error_percent / 100,
        settings.breaker_window_seconds,
        settings.breaker_minimum_calls,
        settings.breaker_open_seconds,
    )
    namespace = settings.canary_namespace
    split = Split(namespace, settings.canary_percent) if namespace else None
    names = _app_ids(settings)
    others = {each: split.app_id(name) for each, name in names.items()} if split else {}
    stable, canary = (
        {each: Target(name, CircuitBreaker(name, rules)) for each, name in ids.items()}
        for ids in (names, others)
    )
    return _Targets(stable, canary, split)


def _services(
    settings: GatewaySettings, sidecar: Sidecar, targets: _Targets, shadow: Shadow | None = None
) -> dict[Service, Downstream]:
    invocation = DaprServiceInvocation(sidecar, settings.invoke_seconds)
    return {
        service: Downstream(invocation, stable, targets.canary.get(service), targets.split, shadow)
        for service, stable in targets.stable.items()
    }


def _shadow(settings: GatewaySettings, sidecar: Sidecar) -> Shadow | None:
    if settings.shadow_namespace is None:
        return None
    invocation = DaprServiceInvocation(sidecar, settings.invoke_seconds)
    return Shadow(invocation, settings.shadow_namespace, settings.shadow_percent)


def _live(settings: GatewaySettings, sidecar: Sidecar, targets: _Targets) -> LiveNotifications:
    service = _services(settings, sidecar, targets)[Service.NOTIFICATIONS]
    streams = OpenStreams(settings.streams_per_user, settings.streams_per_replica)
    return LiveNotifications(
        service, streams, settings.invoke_seconds * _WAITING_SHARE, settings.stream_seconds
    )


def _middleware(
    settings: GatewaySettings,
    keys: KeySet,
    counters: Counters | None,
    prefixes: list[str],
    free_paths: Collection[str],
) -> list[Middleware]:
    """What a request passes, outermost first."""
    passed = [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                *("authorization", "content-type", "x-correlation-id"),
                *("idempotency-key", "if-match"),
            ],
            expose_headers=["etag", "x-correlation-id", "x-trace-id", *HEADERS],
            max_age=600,
        ),
        Middleware(BodyLimitMiddleware, limit=settings.max_body_bytes),
        Middleware(AuthenticationMiddleware, verifier=TokenVerifier(keys, settings)),
    ]
    if counters is not None:
        of_auth = [path for prefix in prefixes for path in auth_paths(prefix)]
        limits = RateLimits.of(settings, of_auth, free_paths)
        window, addresses = SlidingWindow(counters), ClientAddresses(settings.proxies)
        passed.append(
            Middleware(RateLimitMiddleware, window=window, limits=limits, addresses=addresses)
        )
    return passed
