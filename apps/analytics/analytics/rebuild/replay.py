"""From the first event that the broker keeps to the switch."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from itertools import islice
from typing import Any, Final, TypeVar

from pydantic_core import from_json

from analytics.models.comparison import TableComparison
from analytics.rebuild.retention import horizon
from analytics.repository.rebuilding import Batch, RebuildRepository
from todo_shared.errors import UnavailableError
from todo_shared.events.envelope import EventUnreadableError, ReceivedEvent, decode
from todo_shared.events.payloads import TOPIC_OF, EventData
from todo_shared.failures import is_transient
from todo_shared.topic_reader import Extent, TopicReader, content_of, offset_of

BATCH: Final = 500
_PAUSES: Final = (0.2, 1.0, 3.0)
_log = logging.getLogger(__name__)

T = TypeVar("T")


class NothingRetainedError(Exception):
    """The broker keeps no event at all: what is there would be replaced by nothing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rebuild did: events it took, messages that are none, and what is different now.

    `horizon` is the first day that was rebuilt in full, None when that is every day.
    """

    resumed: bool
    fresh: int
    unreadable: int
    horizon: date | None
    tables: list[TableComparison]


async def rebuild(
    repository: RebuildRepository, reader: TopicReader, prefix: str, *, switch: bool
) -> Outcome:
    """Replay what is retained, compare, and switch, or give up after comparing.

    Raises NothingRetainedError, RebuildOverError, BrokerUnavailableError, UnavailableError; run
    it again to go on.
    """
    topics = {prefix + topic: payload for payload, topic in TOPIC_OF.items()}
    extents = await asyncio.to_thread(reader.extents, list(topics))
    if all(extent.first >= extent.end for extent in extents):
        raise NothingRetainedError("the broker keeps no event; is TOPIC_PREFIX right?")
    run = await _patiently(repository.begin)
    # Anew: what came before the rebuild began must be among it, and what comes later is told live.
    extents = await asyncio.to_thread(reader.extents, list(topics))
    first_day = await asyncio.to_thread(horizon, reader, extents, datetime.now(UTC))
    positions = await _patiently(partial(repository.positions, run))
    fresh, unreadable = 0, 0
    batches = _batches(reader, extents, topics, positions)
    while (batch := await asyncio.to_thread(next, batches, None)) is not None:
        fresh += await _patiently(partial(repository.keep, run, batch))
        unreadable += batch.unreadable
    tables = await repository.finish(run, first_day, switch=switch)
    return Outcome(run.resumed, fresh, unreadable, first_day, tables)


def _batches(
    reader: TopicReader,
    extents: Iterable[Extent],
    topics: Mapping[str, type[EventData]],
    positions: Mapping[tuple[str, int], int],
) -> Iterator[Batch]:
    for extent in extents:
        start = max(extent.first, positions.get((extent.topic, extent.partition), 0))
        if start >= extent.end:
            continue
        messages = reader.read(replace(extent, first=start))
        while taken := [(offset_of(each), content_of(each)) for each in islice(messages, BATCH)]:
            payload = topics[extent.topic]
            events = [event for _, wire in taken if (event := _event(wire, payload)) is not None]
            yield Batch(
                extent.topic,
                extent.partition,
                next_offset=taken[-1][0] + 1,
                events=events,
                unreadable=len(taken) - len(events),
            )


def _event(wire: bytes | None, payload: type[EventData]) -> ReceivedEvent[Any] | None:
    try:
        return decode(from_json(wire or b""), payload)
    except (ValueError, EventUnreadableError) as error:
        _log.warning("a message is passed over: %s", error)
        return None


async def _patiently(work: Callable[[], Awaitable[T]]) -> T:
    for pause in _PAUSES:
        try:
            return await work()
        except Exception as error:
            if not is_transient(error):
                raise
            _log.warning("repeated: %s", error)
        await asyncio.sleep(pause)
    try:
        return await work()
    except Exception as error:
        if not is_transient(error):
            raise
        raise UnavailableError("the database is not available; run it again to go on") from error
