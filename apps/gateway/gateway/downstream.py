"""Passing a request on to the service that owns it, and its answer back."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fastapi.responses import JSONResponse, Response

from gateway.circuit_breaker import CircuitBreaker, CircuitOpenError
from todo_shared.dapr import DaprServiceInvocation, SidecarResponse, SidecarUnavailableError
from todo_shared.identity import USER_HEADER

_FALLBACK: Final = {"error": "Service unavailable"}


class Downstream:
    """One service behind the gateway, called by its app id, through a circuit breaker."""

    def __init__(
        self, invocation: DaprServiceInvocation, app_id: str, breaker: CircuitBreaker
    ) -> None:
        self._invocation = invocation
        self._app_id = app_id
        self._breaker = breaker

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
        try:
            answer = await self._breaker.call(
                lambda: self._invocation.invoke(
                    self._app_id,
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
            return JSONResponse(_FALLBACK, HTTPStatus.SERVICE_UNAVAILABLE)
        if answer.status == HTTPStatus.NO_CONTENT:
            return Response(status_code=answer.status)
        shown = {"etag": answer.etag} if answer.etag else None
        return Response(answer.body, answer.status, shown, media_type=answer.content_type)


def _healthy(answer: SidecarResponse) -> bool:
    return answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
