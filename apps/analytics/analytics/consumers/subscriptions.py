"""The consumers of all topics; each has its own route, and all have one effect."""

from collections.abc import Sequence
from typing import Any, Protocol

from fastapi import APIRouter

from todo_shared.consumer import EventConsumer
from todo_shared.events.envelope import ReceivedEvent
from todo_shared.events.payloads import TOPIC_OF, EventData


class Projections(Protocol):
    """What events are projected onto."""

    async def project(self, events: Sequence[ReceivedEvent[Any]]) -> int:
        """Take events of one topic in one transaction; returns how many were not seen before."""
        ...


def consumers(projections: Projections) -> list[EventConsumer[EventData]]:
    """One consumer a topic."""
    return [EventConsumer(payload, projections.project) for payload in TOPIC_OF]


def subscriptions(projections: Projections) -> APIRouter:
    """The route of each topic: `/events/` and its name with dashes."""
    events = APIRouter()
    for consumer in consumers(projections):
        consumer.mount(events, "/events/" + consumer.topic.replace(".", "-"))
    return events
