"""How much a request may carry."""

from http import HTTPStatus
from typing import Final

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from todo_shared.errors import error_body

_STATUS: Final = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
_TOO_LARGE: Final = "the body is too large"


class BodyLimitMiddleware:
    """Refuses bodies above `limit` bytes with 413, announced ones before they are read.

    The framework's own limit answers in plain text, not in the one shape of errors.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > self._limit:
            body = error_body(_TOO_LARGE, _STATUS.name.lower())
            await JSONResponse(body, _STATUS)(scope, receive, send)
            return
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                raise HTTPException(_STATUS, _TOO_LARGE)
            return message

        await self._app(scope, limited, send)
