"""The dead letters of an environment: what lies there, and how far it was replayed."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from confluent_kafka import Message

from todo_shared.broker import BrokerConnection
from todo_shared.dead_letters.letter import SUFFIX, DeadLetter
from todo_shared.dead_letters.progress import Progress
from todo_shared.topic_reader import Extent, TopicReader, as_bytes, content_of, offset_of


class DeadLetterLog:
    """Reads the letters of declared topics; `with` opens and closes the connection.

    Its methods raise BrokerUnavailableError.
    """

    def __init__(self, broker: BrokerConnection, prefix: str, seconds: float = 10.0) -> None:
        self._prefix = prefix
        self._reader = TopicReader(broker, f"{prefix}dead-letters", seconds)
        self._progress: dict[tuple[str, int], tuple[Extent, Progress]] = {}

    def __enter__(self) -> Self:
        self._reader.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._reader.__exit__(kind, value, traceback)

    def read(self, topics: Sequence[str]) -> Iterator[DeadLetter]:
        """The letters of `topics` that are there now, replayed ones too, in order per partition.

        What arrives meanwhile is for the next run: a replayed event may come back at once.
        """
        names = {f"{self._prefix}{topic}{SUFFIX}": topic for topic in topics}
        for extent in self._reader.extents(list(names)):
            topic = names[extent.topic]
            progress = _progress(extent)
            self._progress[topic, extent.partition] = extent, progress
            for message in self._reader.read(extent):
                yield _letter(topic, message, replayed=progress.includes(offset_of(message)))

    def mark(self, letters: Sequence[DeadLetter]) -> None:
        """Record that `letters`, which this log has read, were replayed."""
        replayed: dict[tuple[str, int], list[int]] = defaultdict(list)
        for letter in letters:
            replayed[letter.topic, letter.partition].append(letter.offset)
        for place, offsets in replayed.items():
            extent, progress = self._progress[place]
            self._progress[place] = extent, progress.with_replayed(offsets)
        changed = [self._progress[place] for place in replayed]
        self._reader.commit(
            (extent, progress.next, progress.metadata()) for extent, progress in changed
        )


def _progress(extent: Extent) -> Progress:
    # Beyond the end: the record is of an earlier topic of this name.
    if extent.committed > extent.end:
        return Progress(extent.first)
    return Progress.read(extent.committed, extent.metadata).from_first(extent.first)


def _letter(topic: str, message: Message, *, replayed: bool) -> DeadLetter:
    _, milliseconds = message.timestamp()
    return DeadLetter(
        topic=topic,
        partition=int(message.partition() or 0),
        offset=offset_of(message),
        key=as_bytes(message.key()),
        value=content_of(message),
        headers=tuple((name, as_bytes(text)) for name, text in message.headers() or ()),
        arrived=datetime.fromtimestamp(milliseconds / 1000, UTC),
        replayed=replayed,
    )
