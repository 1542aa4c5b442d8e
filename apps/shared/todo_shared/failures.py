"""Which database errors pass by themselves, so that the same statement may be tried again."""

from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from todo_shared.errors import UnavailableError

# Connection lost, out of connections, shutting down, serialization failure, deadlock, stale plan.
_PASSING: Final = ("08", "53", "57P", "40001", "40P01", "0A000", "55P03")
_REFUSED: Final = ("28", "42501")


def sqlstate(error: BaseException) -> str:
    """The five characters by which PostgreSQL names the error; '' for other errors."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    for each in (origin, getattr(origin, "__cause__", None)):
        state = getattr(each, "sqlstate", None)
        if isinstance(state, str):
            return state
    return ""


def is_transient(error: BaseException) -> bool:
    """Whether a repeat may succeed: the connection broke, the server is busy, the plan is stale."""
    if isinstance(error, UnavailableError | OSError | TimeoutError | PoolTimeoutError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, asyncpg.InterfaceError):
        return True
    return sqlstate(error).startswith(_PASSING) or is_refused_login(error)


def is_refused_login(error: BaseException) -> bool:
    """Whether the server no longer accepts these credentials: a new lease is needed."""
    return sqlstate(error).startswith(_REFUSED)
