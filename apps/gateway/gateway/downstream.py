"""Passing a request on to the service that owns it, and its answer back."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from fastapi.responses import JSONResponse, Response

from gateway.canary import Split
from gateway.circuit_breaker import CircuitBreaker, CircuitOpenError
from gateway.metrics import FORWARDED
from gateway.shadow import Copied, Shadow
from todo_shared.dapr import DaprServiceInvocation, SidecarResponse, SidecarUnavailableError
from todo_shared.identity import USER_HEADER

_FALLBACK: Final = {"error": "Service unavailable"}


@dataclass(frozen=True, slots=True)
class Target:
    """One release of a service: its app id, and the circuit breaker that is its own."""

    app_id: str
    breaker: CircuitBreaker


class Downstream:
    """One service behind the gateway, and its second release for some users while there is one."""

    def __init__(
        self,
        invocation: DaprServiceInvocation,
        stable: Target,
        canary: Target | None = None,
        split: Split | None = None,
        shadow: Shadow | None = None,
    ) -> None:
        self._invocation = invocation
        self._shadow = shadow
        self._stable = stable
        self._canary = canary
        self._split = split
        for release in ("stable", "canary") if canary else ("stable",):
            for outcome in ("served", "failed"):  # from the start: what begins at 1 has no increase
                FORWARDED.labels(stable.app_id, release, outcome)

    async def forward(
        self,
        user_id: str,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool = True,
    ) -> Response:
        """The service's answer as it is; 503 with the fallback body when there is none in time."""
        sent = {USER_HEADER: user_id, **(headers or {})}
        if body:
            sent["content-type"] = "application/json"
        release, target = self._target(user_id)
        try:
            answer = await target.breaker.call(
                lambda: self._invocation.invoke(
                    target.app_id,
                    method,
                    path,
                    idempotent=idempotent,
                    body=body,
                    query=query,
                    headers=sent,
                ),
                _healthy,
            )
        except (SidecarUnavailableError, CircuitOpenError):
            FORWARDED.labels(self._stable.app_id, release, "failed").inc()
            return JSONResponse(_FALLBACK, HTTPStatus.SERVICE_UNAVAILABLE)
        outcome = "served" if _healthy(answer) else "failed"
        FORWARDED.labels(self._stable.app_id, release, outcome).inc()
        if self._shadow:
            asked = (self._stable.app_id, user_id, method, path, body, query, sent)
            self._shadow.copy(Copied(*asked, answer))
        if answer.status == HTTPStatus.NO_CONTENT:
            return Response(status_code=answer.status)
        shown = {"etag": answer.etag} if answer.etag else None
        return Response(answer.body, answer.status, shown, media_type=answer.content_type)

    def _target(self, user_id: str) -> tuple[str, Target]:
        if self._canary and self._split and self._split.takes(user_id):
            return "canary", self._canary
        return "stable", self._stable


def _healthy(answer: SidecarResponse) -> bool:
    return answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
