"""New notifications of the caller for whoever cannot hold a stream open: asked for again and again.

A call through the sidecar ends after a few seconds, so the gateway turns such answers into a
stream.
"""

import time
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request

from notifications.routes.dependencies import Deliveries, Streams
from notifications.routes.stream import Feed
from todo_shared.identity import Caller
from todo_shared.models import NewNotifications, NumberedNotification

ROUTES: Final = APIRouter(tags=["internal"])

After = Annotated[int, Query(ge=0, le=2**63 - 1, description="The `last` of the answer before")]
Wait = Annotated[float, Query(ge=0, le=30, description="Seconds to wait when there is nothing new")]


@ROUTES.get("/notifications/new")
async def new_notifications(
    request: Request,
    user: Caller,
    deliveries: Deliveries,
    streams: Streams,
    *,
    after: After | None = None,
    wait: Wait = 0.0,
) -> NewNotifications:
    """List what came after a number, at most 100, as soon as there is something.

    Without `after` the answer is the number of the newest, and nothing else.
    """
    if after is None:
        return NewNotifications(last=await deliveries.last_number(user))
    streams.check_room()
    feed = Feed(user, after, deliveries, streams, request.app.state.readiness)
    found = await feed.next(time.monotonic() + wait)
    items = tuple(
        NumberedNotification(number=each.number or 0, notification=each.response())
        for each in found
    )
    return NewNotifications(items=items, last=feed.last)
