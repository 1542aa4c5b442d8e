"""From which day on the broker can tell everything."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from todo_shared.topic_reader import Extent, TopicReader
from todo_shared.topics import declared


def horizon(reader: TopicReader, extents: Iterable[Extent], now: datetime) -> date | None:
    """The first day in UTC of which no event has expired; None when nothing has expired yet.

    An event is published after what it tells has happened, so all that happened after the first
    message of a partition is still in it. Raises BrokerUnavailableError.
    """
    kept_days = min(topic.retention_days for topic in declared())
    expired = [extent for extent in extents if extent.first > 0]
    if not expired:
        return None
    first = max(
        _first_message_at(reader, extent) or now - timedelta(days=kept_days) for extent in expired
    )
    return first.astimezone(UTC).date() + timedelta(days=1)


def _first_message_at(reader: TopicReader, extent: Extent) -> datetime | None:
    for message in reader.read(extent):
        _, milliseconds = message.timestamp()
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    return None
