"""One shape for every error that leaves a service (models.ErrorResponse)."""

import logging
from http import HTTPStatus
from typing import Any, ClassVar, Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from todo_shared.models import ErrorResponse
from todo_shared.telemetry.context import current

_log = logging.getLogger(__name__)

RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": {"model": ErrorResponse, "description": "The request cannot be served as sent"},
    "5XX": {"model": ErrorResponse, "description": "The service cannot serve it now"},
}


class ServiceError(Exception):
    """A failure that the caller should read: its class fixes status and code."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"


class NotFoundError(ServiceError):
    """What was asked for does not exist, or belongs to somebody else: the answer is the same."""

    status = 404
    code = "not_found"


class ConflictError(ServiceError):
    """The thing changed, or is in a state that does not allow this."""

    status = 409
    code = "conflict"


class InvalidError(ServiceError):
    """The request is well formed but cannot mean anything."""

    status = 422
    code = "invalid"


class UnauthorizedError(ServiceError):
    """The caller did not prove who they are."""

    status = 401
    code = "unauthorized"


class UnavailableError(ServiceError):
    """A dependency is away; the same request may succeed later."""

    status = 503
    code = "unavailable"


def error_body(error: str, code: str, details: list[str] | None = None) -> dict[str, Any]:
    """The documented error body, with the correlation id of the request being served."""
    body = ErrorResponse(
        error=error, code=code, correlation_id=current().correlation_id or None, details=details
    )
    return body.model_dump(exclude_none=True)


def install_error_handlers(app: FastAPI) -> None:
    """Make every expected error of `app` answer in the documented shape.

    The unexpected ones are answered by the telemetry layer, which still knows the request.
    """
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)


async def _service_error(_: Request, error: Exception) -> JSONResponse:
    known = cast(ServiceError, error)
    headers = {"www-authenticate": "Bearer"} if known.status == HTTPStatus.UNAUTHORIZED else None
    if known.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.warning("request failed: %s", known, exc_info=known.__cause__)
    return JSONResponse(error_body(str(known), known.code), known.status, headers)


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    known = cast(HTTPException, error)
    code = HTTPStatus(known.status_code).name.lower()
    return JSONResponse(error_body(str(known.detail), code), known.status_code, known.headers)


async def _validation_error(_: Request, error: Exception) -> JSONResponse:
    details = [
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in cast(RequestValidationError, error).errors()
    ]
    return JSONResponse(error_body("the request is not valid", "invalid", details), 422)


def internal_error() -> JSONResponse:
    """The answer to a request that failed for a reason nobody foresaw."""
    return JSONResponse(error_body("internal error", "internal"), 500)
