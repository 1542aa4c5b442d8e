"""Routes for the scheduler alone: the sidecars say which service calls."""

from typing import Annotated, Final

from fastapi import Depends, Request

from tasks.errors import ForbiddenError

SCHEDULER: Final = "scheduler-service"
_CALLER_HEADER: Final = "dapr-caller-app-id"


async def _scheduler(request: Request) -> str:
    # The caller's sidecar adds its app id to what the caller itself has put there, so that a
    # forged header comes beside the true one: all of them must agree.
    if set(request.headers.getlist(_CALLER_HEADER)) != {SCHEDULER}:
        raise ForbiddenError(f"only {SCHEDULER} may ask this")
    return SCHEDULER


Scheduler = Annotated[str, Depends(_scheduler)]
