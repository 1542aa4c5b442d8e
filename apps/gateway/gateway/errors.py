"""Refusals that only the gateway makes, in the one shape of errors."""

from fastapi import HTTPException

from todo_shared.errors import ServiceError


class ForbiddenError(ServiceError):
    """The caller is known, and may not do this."""

    status = 403
    code = "forbidden"


class TooManyAttemptsError(HTTPException):
    """The same was tried too often; `seconds` from now it may be tried again."""

    def __init__(self, error: str, seconds: int) -> None:
        super().__init__(429, error, {"retry-after": str(max(seconds, 1))})
