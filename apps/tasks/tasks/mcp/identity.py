"""On whose behalf a tool runs: known from the request, never from a tool's arguments."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class McpCaller:
    """The user, and the key by which a repeated call is known."""

    user_id: str
    key: str


_caller: ContextVar[McpCaller] = ContextVar("mcp_caller")


def current_caller() -> McpCaller:
    """Who calls now; raises LookupError outside of a request."""
    return _caller.get()


@contextmanager
def calling_as(caller: McpCaller) -> Generator[None]:
    """Make `caller` current for the block, and for the work that it starts."""
    token = _caller.set(caller)
    try:
        yield
    finally:
        _caller.reset(token)
