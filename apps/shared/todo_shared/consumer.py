"""The receiving side of a subscription: one call of the sidecar, with one event or with many."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from functools import partial
from typing import Any, Final, Generic

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from todo_shared.events.envelope import D, EventUnreadableError, ReceivedEvent, decode
from todo_shared.events.payloads import TOPIC_OF
from todo_shared.failures import is_transient
from todo_shared.group_commit import GroupCommit
from todo_shared.telemetry.context import handling_event
from todo_shared.telemetry.metrics import EVENT_LATENCY, EVENTS, HANDLER_DURATION

_log = logging.getLogger(__name__)

# Short repeats for what blinks; while the database is away, the sidecar repeats without end.
_PAUSES: Final = (0.05, 0.1, 0.2)
# Longer ones before an event is set aside for a reason that does not look like one that passes.
_DOUBTS: Final = (0.1, 0.2, 0.4)

# Far above what the partitions of a topic deliver during one transaction, and a bound all the same.
_GROUP: Final = 500

Effect = Callable[[Sequence[ReceivedEvent[D]]], Awaitable[int]]
Apply = Callable[[list[ReceivedEvent[D]]], Awaitable[Sequence["EventStatus"]]]


class EventStatus(StrEnum):
    """What the sidecar may be told about an event."""

    SUCCESS = "SUCCESS"
    RETRY = "RETRY"
    DROP = "DROP"


class _Entry(BaseModel):
    entryId: str  # noqa: N815 - the sidecar's spelling
    event: Any = None


class _Bulk(BaseModel):
    """Several events in one call; the sidecar wants a status for each."""

    entries: list[_Entry]


class EventConsumer(Generic[D]):
    """Hands the events of one topic to `effect`, which makes them durable and counts new ones.

    An unreadable event is dropped, which sends it to the dead letters, and so is one that fails for
    a reason that does not pass. While the database is away the sidecar is told to retry, for as
    long as it takes: an event that waits is not lost, and keeps its place. What the partitions of a
    topic deliver meanwhile is handled together (group commit).
    A route of this class never answers 404: the sidecar would take that for a drop.
    """

    def __init__(self, payload: type[D], effect: Effect[D]) -> None:
        self._payload = payload
        self._topic = TOPIC_OF[payload]
        self._effect = effect
        self._grouped = GroupCommit(self._all_or_each, _GROUP)

    @property
    def topic(self) -> str:
        """The topic whose events are handled, without the prefix of an environment."""
        return self._topic

    def mount(self, router: APIRouter, path: str) -> None:
        """Serve the subscription at `path`."""
        router.add_api_route(
            path,
            self.receive,
            methods=["POST"],
            summary=f"Receive events of {self._topic}",
            include_in_schema=False,
        )

    async def receive(self, request: Request) -> JSONResponse:
        """Answer one delivery: a CloudEvent, or the sidecar's bulk envelope of several."""
        started = time.perf_counter()
        try:
            body: Any = from_json(await request.body())
        except ValueError:
            body = None
        try:
            bulk = _Bulk.model_validate(body)
        except ValidationError:
            bulk = None
        try:
            if bulk is None:
                statuses = await self._handle([body], self._grouped)
                return JSONResponse({"status": statuses[0]})
            statuses = await self._handle([entry.event for entry in bulk.entries], self._grouped)
            ids = [entry.entryId for entry in bulk.entries]
            answer = zip(ids, statuses, strict=True)
            return JSONResponse(
                {"statuses": [{"entryId": each, "status": status} for each, status in answer]}
            )
        finally:
            HANDLER_DURATION.labels(self._topic).observe(time.perf_counter() - started)

    async def handle(
        self, wires: Sequence[object], *, failed: EventStatus = EventStatus.DROP
    ) -> list[EventStatus]:
        """The status of each event, in order; `failed` is that of one that fails for good."""
        return await self._handle(wires, partial(self._all_or_each, failed=failed))

    async def _handle(self, wires: Sequence[object], apply: Apply[D]) -> list[EventStatus]:
        statuses = [EventStatus.DROP] * len(wires)
        readable: list[tuple[int, ReceivedEvent[D]]] = []
        for position, wire in enumerate(wires):
            try:
                readable.append((position, decode(wire, self._payload)))
            except EventUnreadableError as error:
                _log.error("event dropped: %s", error)
                EVENTS.labels(self._topic, "dropped").inc()
        if not readable:
            return statuses
        outcome = await apply([event for _, event in readable])
        for (position, _), status in zip(readable, outcome, strict=True):
            statuses[position] = status
        return statuses

    async def _all_or_each(
        self, events: list[ReceivedEvent[D]], failed: EventStatus = EventStatus.DROP
    ) -> list[EventStatus]:
        status = await self._apply(events, failed)
        if status is not EventStatus.DROP or len(events) == 1:
            return [status] * len(events)
        # One bad event must not take the others with it: find out which by single steps. Behind one
        # that must wait all wait, or those of its user would overtake it.
        statuses: list[EventStatus] = []
        for event in events:
            waits = EventStatus.RETRY in statuses
            statuses.append(EventStatus.RETRY if waits else await self._apply([event], failed))
        return statuses

    async def _apply(self, events: list[ReceivedEvent[D]], failed: EventStatus) -> EventStatus:
        first = events[0]
        with handling_event(str(first.id), first.traceparent, first.correlation_id):
            for passing, doubtful in zip((*_PAUSES, None), (*_DOUBTS, None), strict=True):
                try:
                    fresh = await self._effect(events)
                except Exception as error:
                    transient = is_transient(error)
                    pause = passing if transient else doubtful
                    if pause is not None and (transient or len(events) == 1):
                        await asyncio.sleep(pause)
                        continue
                    _log.exception("event not handled", extra={"events": len(events)})
                    EVENTS.labels(self._topic, "failed").inc(len(events))
                    return EventStatus.RETRY if transient else failed
                self._measure(events, fresh)
                return EventStatus.SUCCESS
        raise AssertionError("unreachable")

    def _measure(self, events: list[ReceivedEvent[D]], fresh: int) -> None:
        now = time.time()
        for event in events:
            EVENT_LATENCY.labels(self._topic).observe(max(now - event.time.timestamp(), 0.0))
        EVENTS.labels(self._topic, "handled").inc(fresh)
        EVENTS.labels(self._topic, "duplicate").inc(len(events) - fresh)
        _log.info("events handled", extra={"events": len(events), "fresh": fresh})
