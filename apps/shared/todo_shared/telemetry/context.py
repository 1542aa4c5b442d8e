"""The context of the work in hand: which trace, which request, which event.

A service passes the trace on as it came. It exports no span of its own in between, so the spans of
the sidecars stay linked to each other.
"""

import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Final

_TRACEPARENT: Final = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")
_CORRELATION: Final = re.compile(r"^[A-Za-z0-9._:-]{1,128}$")


@dataclass(frozen=True, slots=True)
class WorkContext:
    """What ties a log line, a published event and an outgoing call to their cause."""

    traceparent: str = ""
    tracestate: str = ""
    correlation_id: str = ""
    event_id: str = ""

    @property
    def trace_id(self) -> str:
        """The 32 hex digits of the trace, empty outside of one."""
        return self.traceparent[3:35]

    def headers(self) -> dict[str, str]:
        """The headers that carry this context to the next hop."""
        values = {
            "traceparent": self.traceparent,
            "tracestate": self.tracestate,
            "x-correlation-id": self.correlation_id,
        }
        return {name: value for name, value in values.items() if value}


_current: ContextVar[WorkContext] = ContextVar("work", default=WorkContext())  # noqa: B039 - frozen


def current() -> WorkContext:
    """The context of the running task; empty outside of a request or an event."""
    return _current.get()


@contextmanager
def working_in(context: WorkContext) -> Generator[WorkContext]:
    """Make `context` current for the block."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


def valid_traceparent(value: str) -> str:
    """`value` when it is a W3C traceparent of version 00 with non-zero ids, else ''."""
    match = _TRACEPARENT.match(value)
    if match is None or not match[1].strip("0") or not match[2].strip("0"):
        return ""
    return value


def new_traceparent() -> str:
    """A new sampled trace."""
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01"


def accept(traceparent: str, tracestate: str, correlation_id: str) -> WorkContext:
    """The context of a request that came with these header values; makes what is missing or bad."""
    trace = valid_traceparent(traceparent)
    return WorkContext(
        traceparent=trace or new_traceparent(),
        tracestate=tracestate[:512] if trace else "",
        correlation_id=(
            correlation_id if _CORRELATION.match(correlation_id) else os.urandom(16).hex()
        ),
    )


@contextmanager
def handling_event(event_id: str, traceparent: str, correlation_id: str) -> Generator[WorkContext]:
    """Take over the context that an event carries from its producer."""
    around = current()
    context = replace(
        around,
        traceparent=valid_traceparent(traceparent) or around.traceparent or new_traceparent(),
        correlation_id=correlation_id,
        event_id=event_id,
    )
    if context.trace_id != around.trace_id:
        # Vendors' values belong to one trace: https://www.w3.org/TR/trace-context/#tracestate-header
        context = replace(context, tracestate="")
    with working_in(context):
        yield context
