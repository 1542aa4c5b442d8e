"""The sink's HTTP interface: what HTTP bindings post to, and what tests and chaos runs read."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import unquote

from fastapi import FastAPI, Header, Query, Request
from fastapi.responses import JSONResponse
from pydantic_core import from_json

from notifications.models.recipient import Channel
from notifications.sink.mailbox import Mailbox
from notifications.sink.models import Accepted, Behaviour, Cleared, KeptMessage, MessagePage

_SUMMARY: Final = "Stands where the providers of e-mail, SMS, push and webhooks stand"


def create_sink(path: Path | None = None) -> FastAPI:
    """A sink with a mailbox of its own, kept in `path` if one is given."""
    app = FastAPI(title="notification-sink", summary=_SUMMARY, redoc_url=None)
    mailbox = Mailbox(path)
    behaviours = {channel: Behaviour(channel=channel) for channel in Channel}

    @app.get("/health")
    async def health() -> dict[str, str]:
        """The process works."""
        return {"status": "ok"}

    @app.get("/messages")
    async def list_messages(
        user_id: str | None = None,
        channel: Channel | None = None,
        after: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
    ) -> MessagePage:
        """List what was taken, oldest first."""
        found = mailbox.find(user_id, channel, after, limit + 1)
        more = found[limit - 1].number if len(found) > limit else None
        return MessagePage(items=found[:limit], next=more)

    @app.delete("/messages")
    async def delete_messages() -> Cleared:
        """Forget everything that was taken."""
        return Cleared(deleted=mailbox.clear())

    @app.get("/behaviour")
    async def show_behaviour() -> list[Behaviour]:
        """Show how each channel behaves now."""
        return list(behaviours.values())

    @app.put("/behaviour")
    async def change_behaviour(body: Behaviour) -> Behaviour:
        """Make a channel fail, or be slow."""
        behaviours[body.channel] = body
        return body

    @app.post("/{channel}", response_model=Accepted)
    async def take(
        channel: Channel,
        request: Request,
        idempotency_key: Annotated[str, Header(min_length=1, max_length=200)],
    ) -> JSONResponse:
        """Take a message as an HTTP binding posts it."""
        message = _message(channel, request, idempotency_key, await request.body())
        behaviour = behaviours[channel]
        if behaviour.fail_next:
            left = behaviour.model_copy(update={"fail_next": behaviour.fail_next - 1})
            behaviours[channel] = left
        if behaviour.delay_seconds:
            await asyncio.sleep(behaviour.delay_seconds)
        if behaviour.fail_next and not behaviour.keep:
            return _failure(behaviour)
        accepted = mailbox.add(message)
        if behaviour.fail_next:
            return _failure(behaviour)
        return JSONResponse(accepted.model_dump(), 200 if accepted.repeated else 201)

    return app


def _failure(behaviour: Behaviour) -> JSONResponse:
    return JSONResponse({"error": "the sink was told to fail"}, behaviour.status)


def _message(channel: Channel, request: Request, key: str, body: bytes) -> KeptMessage:
    headers = request.headers
    try:
        content = from_json(body)
    except ValueError:
        content = body.decode(errors="replace")
    return KeptMessage(
        number=0,
        channel=channel,
        key=key,
        recipient=headers.get("x-recipient", ""),
        user_id=unquote(headers.get("x-user-id", "")),
        task_id=unquote(headers.get("x-task-id", "")),
        event_id=headers.get("x-event-id", ""),
        subject=unquote(headers.get("x-subject", "")),
        body=content,
        traceparent=headers.get("traceparent", ""),
        received_at=datetime.now(UTC),
    )
