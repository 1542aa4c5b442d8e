"""Public stream of the caller's new notifications, as server-sent events."""

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from gateway.live import LiveNotifications
from gateway.middleware.auth import User
from todo_shared.errors import UnavailableError
from todo_shared.models import NewNotifications
from todo_shared.service import Readiness

_log = logging.getLogger(__name__)

_RECONNECT_MILLISECONDS: Final = 1000

LastEventId = Annotated[
    int | None,
    Header(alias="Last-Event-ID", ge=0, le=2**63 - 1, description="Go on after this one"),
]
Seconds = Annotated[float | None, Query(gt=0, le=3600, description="End after this time")]


@dataclass(frozen=True, slots=True)
class _Opened:
    user: str
    source: LiveNotifications
    readiness: Readiness
    begin: int
    first: NewNotifications

    async def events(self, end: float) -> AsyncIterator[ServerSentEvent]:
        """Each new notification until the time `end`, or the end of the gateway."""
        retry = _RECONNECT_MILLISECONDS
        yield ServerSentEvent(event="open", data={}, id=str(self.begin), retry=retry)
        news = self.first
        while True:
            for each in news.items:
                yield ServerSentEvent(
                    event="notification", data=each.notification, id=str(each.number)
                )
            left = end - time.monotonic()
            if left <= 0 or self.readiness.draining:
                return
            news = await self.source.after(self.user, news.last, min(self.source.wait, left))


async def _opened(
    request: Request, user: User, last_event_id: LastEventId = None
) -> AsyncGenerator[_Opened]:
    # A dependency, so that what is away answers 503 and not a broken stream.
    source: LiveNotifications = request.app.state.live
    with source.streams.admitted(user):
        first = await source.after(user, last_event_id, 0)
        begin = first.last if last_event_id is None else last_event_id
        yield _Opened(user, source, request.app.state.readiness, begin, first)


async def stream_notifications(
    opened: Annotated[_Opened, Depends(_opened)], seconds: Seconds = None
) -> AsyncIterator[ServerSentEvent]:
    """Send each new notification of the caller as an event `notification`, as it arrives.

    Without Last-Event-ID it begins with the next one. A stream ends after `seconds`, at most five
    minutes, and when something is away; who comes back with the last id misses nothing.
    """
    longest = opened.source.longest
    end = time.monotonic() + min(seconds or longest, longest)
    try:
        async for event in opened.events(end):
            yield event
    except UnavailableError as error:
        _log.warning("a stream of notifications ends early: %s", error)


def stream_router(prefix: str) -> APIRouter:
    """The stream, below `prefix`; where it comes from is in `app.state.live`."""
    router = APIRouter(prefix=prefix, tags=["notifications"])
    router.add_api_route(
        "/notifications/stream",
        stream_notifications,
        methods=["GET"],
        response_class=EventSourceResponse,
    )
    return router
