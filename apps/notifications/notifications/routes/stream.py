"""Live notifications of the caller, as server-sent events."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from notifications.live import LiveStreams
from notifications.models.delivery import Delivery
from notifications.repository.deliveries import DeliveryRepository
from notifications.routes.dependencies import Deliveries, Streams
from todo_shared.errors import UnavailableError
from todo_shared.identity import Caller
from todo_shared.models import DeliveryStatus
from todo_shared.service import Readiness

_log = logging.getLogger(__name__)

ROUTES: Final = APIRouter(tags=["notifications"])

PAGE: Final = 100
_RECONNECT_MILLISECONDS: Final = 1000
_LOOK_SECONDS: Final = 1.0
# How long a signal that got lost can hold a notification back.
_SWEEP_SECONDS: Final = 10.0

LastEventId = Annotated[
    int | None,
    Header(alias="Last-Event-ID", ge=0, le=2**63 - 1, description="Go on after this one"),
]


@dataclass
class Feed:
    """The notifications of one user whose number is above `last`, in order and without gaps."""

    user: str
    last: int
    deliveries: DeliveryRepository
    streams: LiveStreams
    readiness: Readiness

    async def until(self, end: float) -> AsyncIterator[Delivery]:
        """Each as soon as it is recorded, until the time `end` or the end of the service."""
        with self.streams.watching(self.user) as bell:
            bell.set()
            next_look = 0.0
            while time.monotonic() < end and not self.readiness.draining:
                if bell.is_set() or time.monotonic() >= next_look:
                    bell.clear()
                    next_look = time.monotonic() + _SWEEP_SECONDS
                    async for delivery in self._new():
                        yield delivery
                wait = min(_LOOK_SECONDS, max(end - time.monotonic(), 0.001))
                try:
                    await asyncio.wait_for(bell.wait(), wait)
                except TimeoutError:
                    continue

    async def next(self, end: float) -> list[Delivery]:
        """The next of them, a page at most, as soon as there are any; else none at `end`."""
        with self.streams.watching(self.user) as bell:
            while True:
                bell.clear()
                shown, more = await self._page()
                left = end - time.monotonic()
                if shown or (not more and (left <= 0 or self.readiness.draining)):
                    return shown
                if more:
                    continue
                try:
                    await asyncio.wait_for(bell.wait(), left)
                except TimeoutError:
                    return []

    async def _new(self) -> AsyncIterator[Delivery]:
        more = True
        while more:
            shown, more = await self._page()
            for delivery in shown:
                yield delivery

    async def _page(self) -> tuple[list[Delivery], bool]:
        """Those that are shown of the next page, and whether there may be another page."""
        page = await self.deliveries.numbered(self.user, self.last, PAGE)
        if page:
            self.last = page[-1].number or self.last
        shown = [each for each in page if each.status is not DeliveryStatus.WITHDRAWN]
        return shown, len(page) == PAGE


async def _feed(
    request: Request,
    user: Caller,
    deliveries: Deliveries,
    streams: Streams,
    last_event_id: LastEventId = None,
) -> Feed:
    # A dependency, so that what is away answers 503 and not a broken stream.
    streams.check_room()
    last = await deliveries.last_number(user) if last_event_id is None else last_event_id
    return Feed(user, last, deliveries, streams, request.app.state.readiness)


@ROUTES.get("/notifications/stream", response_class=EventSourceResponse)
async def stream_notifications(
    feed: Annotated[Feed, Depends(_feed)],
    seconds: Annotated[float, Query(gt=0, le=3600, description="End after this time")] = 300.0,
) -> AsyncIterator[ServerSentEvent]:
    """Send each new notification of the caller as an event `notification`.

    Without Last-Event-ID it begins with the next one. The stream ends after `seconds`, or when the
    service stops; a client that comes back with the last id misses nothing.
    """
    yield ServerSentEvent(event="open", data={}, id=str(feed.last), retry=_RECONNECT_MILLISECONDS)
    try:
        async for delivery in feed.until(time.monotonic() + seconds):
            yield ServerSentEvent(
                event="notification", data=delivery.response(), id=str(delivery.number)
            )
    except UnavailableError as error:
        _log.warning("a stream of notifications ends early: %s", error)
