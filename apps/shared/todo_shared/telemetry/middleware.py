"""The outermost layer of each service: context in, context out, one log line and metrics."""

import logging
import time
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from todo_shared.errors import internal_error
from todo_shared.telemetry.context import accept, working_in
from todo_shared.telemetry.metrics import HTTP_DURATION, HTTP_REQUESTS, IN_PROGRESS

_log = logging.getLogger("access")

# A stream lasts as long as its reader wants: its duration would say nothing about latency.
UNMEASURED: Final = frozenset({"/health", "/ready", "/metrics", "/notifications/stream"})
_WAITING: Final = ("/notifications/stream", "/notifications/new")


class TelemetryMiddleware:
    """Accepts or makes trace and correlation id, measures by route template, logs the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; lifespan goes straight through, unmeasured paths leave no trace."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        context = accept(
            headers.get("traceparent", ""),
            headers.get("tracestate", ""),
            headers.get("x-correlation-id", ""),
        )
        status: int | None = None
        started = time.perf_counter()

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                out = MutableHeaders(scope=message)
                out["x-correlation-id"] = context.correlation_id
                out["x-trace-id"] = context.trace_id
            await send(message)

        path: str = scope["path"]
        measured = path not in UNMEASURED and not path.endswith(_WAITING)
        IN_PROGRESS.inc(measured)
        with working_in(context):
            try:
                await self._app(scope, receive, answer)
            except Exception:
                _log.exception("unexpected error")
                if status is not None:
                    raise
                await internal_error()(scope, receive, answer)
            finally:
                IN_PROGRESS.dec(measured)
                if measured:
                    self._record(scope, status or 500, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_template(scope)
        labels = (scope["method"], route, str(status))
        HTTP_REQUESTS.labels(*labels).inc()
        HTTP_DURATION.labels(*labels).observe(seconds)
        extra: dict[str, object] = {"duration_ms": round(seconds * 1000, 2)}
        if user_id := scope.get("state", {}).get("user_id"):
            extra["user_id"] = user_id
        _log.info("%s %s %d", scope["method"], route, status, extra=extra)


def route_template(scope: Scope) -> str:
    """The path as declared, such as /tasks/{task_id}; requests that matched nothing share one."""
    route = scope.get("route")
    return str(getattr(route, "path", "unmatched"))
