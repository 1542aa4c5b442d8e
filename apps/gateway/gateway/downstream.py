"""Passing a request on to the service that owns it, and its answer back."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.responses import JSONResponse, Response

from todo_shared.dapr import DaprServiceInvocation, SidecarUnavailableError
from todo_shared.identity import USER_HEADER

_FALLBACK: Final = {"error": "Service unavailable"}


class Downstream:
    """One service behind the gateway, called by its app id."""

    def __init__(self, invocation: DaprServiceInvocation, app_id: str) -> None:
        self._invocation = invocation
        self._app_id = app_id

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
            answer = await self._invocation.invoke(
                self._app_id,
                method,
                path,
                idempotent=idempotent,
                body=body,
                query=query,
                headers=sent,
            )
        except SidecarUnavailableError:
            return JSONResponse(_FALLBACK, HTTPStatus.SERVICE_UNAVAILABLE)
        if answer.status == HTTPStatus.NO_CONTENT:
            return Response(status_code=answer.status)
        return Response(answer.body, answer.status, media_type=answer.content_type)


async def _tasks(request: Request) -> Downstream:
    return request.app.state.tasks


async def _notifications(request: Request) -> Downstream:
    return request.app.state.notifications


Tasks = Annotated[Downstream, Depends(_tasks)]
Notifications = Annotated[Downstream, Depends(_notifications)]
