"""Building a projection anew from the events that the broker still keeps."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from pydantic_core import from_json

from todo_shared.broker import BrokerConnection
from todo_shared.consumer import EventConsumer, EventStatus
from todo_shared.topic_reader import TopicReader, content_of

BATCH: Final = 100


class RebuildFailedError(Exception):
    """An event could not be handled; the projection is incomplete until a rebuild succeeds."""


async def rebuild(
    broker: BrokerConnection, prefix: str, consumers: Iterable[EventConsumer[Any]]
) -> int:
    """Give every kept event of their topics to `consumers`, one after another; returns how many.

    Events of a user come in order within a topic, and topics one after another: a projection of
    several topics compares `seq` (todo_shared.ordering). Empty the projection, its inbox and its
    order of events first, or what was handled before is passed over. Unreadable events are too.
    Raises RebuildFailedError, BrokerUnavailableError.
    """
    handled = 0
    with TopicReader(broker, f"{prefix}rebuild") as reader:
        for consumer in consumers:
            events = _events(reader, prefix + consumer.topic)
            while batch := await asyncio.to_thread(_next, events):
                # Nobody would look for an event that a rebuild sets aside.
                statuses = await consumer.handle(batch, failed=EventStatus.RETRY)
                if EventStatus.RETRY in statuses:
                    raise RebuildFailedError(
                        f"{consumer.topic}: an event was not handled; its log line says why"
                    )
                handled += statuses.count(EventStatus.SUCCESS)
    return handled


def _next(events: Iterator[object]) -> Sequence[object]:
    return list(islice(events, BATCH))


def _events(reader: TopicReader, topic: str) -> Iterator[object]:
    for extent in reader.extents([topic]):
        for message in reader.read(extent):
            try:
                yield from_json(content_of(message) or b"")
            except ValueError:
                yield None
