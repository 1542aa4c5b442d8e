"""How often one user, or one address without a token, may ask."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.client_address import ClientAddresses
from gateway.counters import CountersUnavailableError
from gateway.metrics import RATE_LIMIT_UNAVAILABLE, RATE_LIMITED
from gateway.middleware.auth import principal_of
from gateway.settings import GatewaySettings
from gateway.sliding_window import Decision, Rule, SlidingWindow
from todo_shared.errors import error_body
from todo_shared.telemetry.middleware import UNMEASURED

_log = logging.getLogger(__name__)

_MINUTE: Final = 60
HEADERS: Final = (
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "ratelimit-policy",
    "retry-after",
)


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The rules: `user` for verified users, `client` for addresses, `auth` on top for logins.

    `free_paths` are not counted.
    """

    user: Rule
    client: Rule
    auth: Rule
    auth_paths: Collection[str]
    free_paths: Collection[str] = UNMEASURED

    @classmethod
    def of(
        cls,
        settings: GatewaySettings,
        auth_paths: Collection[str],
        free_paths: Collection[str] = (),
    ) -> "RateLimits":
        """The rules that `settings` ask for."""
        return cls(
            Rule("user", settings.rate_limit_per_minute, _MINUTE),
            Rule("client", settings.client_rate_limit_per_15_minutes, 15 * _MINUTE),
            Rule("auth", settings.auth_rate_limit_per_minute, _MINUTE),
            frozenset(auth_paths),
            UNMEASURED.union(free_paths),
        )


class RateLimitMiddleware:
    """Counts each request once and refuses with 429.

    When Redis is away, users and addresses are let through, but nobody may try a password.
    """

    def __init__(
        self, app: ASGIApp, window: SlidingWindow, limits: RateLimits, addresses: ClientAddresses
    ) -> None:
        self._app = app
        self._window = window
        self._limits = limits
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; probes, metrics and the page's files are not counted."""
        if scope["type"] != "http" or scope["path"] in self._limits.free_paths:
            await self._app(scope, receive, send)
            return
        is_auth = scope["path"] in self._limits.auth_paths
        rules, subject = self._who(scope, is_auth=is_auth)
        try:
            decision = await self._window.take(rules, subject)
        except CountersUnavailableError:
            RATE_LIMIT_UNAVAILABLE.labels("refused" if is_auth else "let_through").inc()
            if is_auth:
                body = error_body("logins cannot be counted now", "unavailable")
                refusal = JSONResponse(body, HTTPStatus.SERVICE_UNAVAILABLE, {"retry-after": "1"})
                await refusal(scope, receive, send)
                return
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_headers(decision))
            await send(message)

        if decision.allowed:
            await self._app(scope, receive, answer)
            return
        RATE_LIMITED.labels(decision.standing.rule.name).inc()
        body = error_body("too many requests", "too_many_requests")
        await JSONResponse(body, HTTPStatus.TOO_MANY_REQUESTS)(scope, receive, answer)

    def _who(self, scope: Scope, *, is_auth: bool) -> tuple[Sequence[Rule], str]:
        limits = self._limits
        principal = principal_of(scope)
        if principal is not None and not is_auth:
            return (limits.user,), f"user:{principal.user_id}"
        rules = (limits.auth, limits.client) if is_auth else (limits.client,)
        return rules, f"address:{self._addresses.of(scope)}"


def _headers(decision: Decision) -> dict[str, str]:
    standing = decision.standing
    headers = {
        "ratelimit-limit": str(standing.rule.limit),
        "ratelimit-remaining": str(standing.remaining),
        "ratelimit-reset": str(standing.reset_seconds),
        "ratelimit-policy": f"{standing.rule.limit};w={standing.rule.seconds}",
    }
    if not decision.allowed:
        headers["retry-after"] = str(max(standing.reset_seconds, 1))
    return headers
