"""Reading what topics hold now, from the first to the last message, without joining a group."""

# pyright: reportPrivateImportUsage=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TypeVar, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from todo_shared.broker import BrokerConnection

_PASSING: Final = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
)
# Made when the class is; the annotation of the library says that they may be missing.
_FIRST: Final = cast(OffsetSpec, OffsetSpec.earliest())
_END: Final = cast(OffsetSpec, OffsetSpec.latest())

T = TypeVar("T")


class BrokerUnavailableError(Exception):
    """The broker does not answer, or a topic is missing; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What one partition holds, and what was committed for it under the reader's name.

    Messages are those from `first` to before `end`; `committed` is negative when nothing was.
    """

    topic: str
    partition: int
    first: int
    end: int
    committed: int
    metadata: str | None


class TopicReader:
    """Reads partitions on request; `with` opens and closes the connection.

    `name` is only what commits are kept under. A call takes `seconds` at most. All methods raise
    BrokerUnavailableError.
    """

    def __init__(self, broker: BrokerConnection, name: str, seconds: float = 10.0) -> None:
        self._broker = broker
        self._name = name
        self._seconds = seconds

    def __enter__(self) -> Self:
        self._admin = AdminClient({**self._broker.options(), "log_level": 0})
        self._consumer = Consumer(
            {
                **self._broker.options(),
                "group.id": self._name,
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                # It runs beside a service, in the memory of its container.
                "queued.max.messages.kbytes": 8192,
                "fetch.max.bytes": 4 * 1024 * 1024,
                "log_level": 0,
            }
        )
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._consumer.close()

    def extents(self, topics: Sequence[str]) -> list[Extent]:
        """What each partition of `topics` holds now."""
        places = self._patiently(lambda: self._places(topics))
        first = self._patiently(lambda: self._edges(places, _FIRST))
        end = self._patiently(lambda: self._edges(places, _END))
        return [
            Extent(
                each.topic,
                each.partition,
                first[each.topic, each.partition],
                end[each.topic, each.partition],
                each.offset,
                each.metadata,
            )
            for each in places
        ]

    def read(self, extent: Extent) -> Iterator[Message]:
        """The messages of `extent` in order; what arrived later is left for another time."""
        if extent.first == extent.end:
            return
        self._consumer.assign([TopicPartition(extent.topic, extent.partition, extent.first)])
        for message in self._messages(extent.end):
            yield message
            if offset_of(message) >= extent.end - 1:
                break
        self._consumer.unassign()

    def commit(self, offsets: Iterable[tuple[Extent, int, str]]) -> None:
        """Record an offset and a note for each partition, and wait until they are kept."""
        wanted = [
            TopicPartition(extent.topic, extent.partition, offset, metadata)
            for extent, offset, metadata in offsets
        ]
        self._patiently(lambda: self._consumer.commit(offsets=wanted, asynchronous=False))

    def _places(self, topics: Sequence[str]) -> list[TopicPartition]:
        found = self._consumer.list_topics(timeout=self._seconds).topics
        missing = sorted(set(topics) - set(found))
        if missing:
            raise BrokerUnavailableError(
                f"there is no topic {', '.join(missing)}: `python -m todo_shared.topics` makes it"
            )
        places = [
            TopicPartition(topic, at) for topic in topics for at in sorted(found[topic].partitions)
        ]
        return self._consumer.committed(places, timeout=self._seconds)

    def _edges(
        self, places: Sequence[TopicPartition], edge: OffsetSpec
    ) -> dict[tuple[str, int], int]:
        wanted = {TopicPartition(each.topic, each.partition): edge for each in places}
        asked = self._admin.list_offsets(wanted, request_timeout=self._seconds)
        return {
            (place.topic, place.partition): told.result().offset for place, told in asked.items()
        }

    def _messages(self, end: int) -> Iterator[Message]:
        while True:
            message = self._consumer.poll(self._seconds)
            if message is None:
                raise BrokerUnavailableError(
                    f"the broker at {self._broker} gave no message for {self._seconds:.0f} s"
                )
            error = message.error()
            if error is None:
                yield message
            elif error.code() != KafkaError._PARTITION_EOF:
                raise BrokerUnavailableError(f"the broker at {self._broker}: {error.str()}")
            elif offset_of(message) >= end:
                return

    def _patiently(self, call: Callable[[], T]) -> T:
        """The result of `call`, repeated while the broker is electing or loading."""
        deadline = time.monotonic() + self._seconds
        while True:
            try:
                return call()
            except KafkaException as error:
                reason: KafkaError = error.args[0]
                if reason.code() not in _PASSING or time.monotonic() > deadline:
                    raise BrokerUnavailableError(
                        f"the broker at {self._broker}: {reason.str()}"
                    ) from error
                time.sleep(0.1)


def offset_of(message: Message) -> int:
    """Where the message lies in its partition."""
    return int(message.offset() or 0)


def content_of(message: Message) -> bytes | None:
    """The bytes of the message."""
    return as_bytes(message.value())


def as_bytes(value: str | bytes | None) -> bytes | None:
    """`value` as the broker holds it."""
    return value.encode() if isinstance(value, str) else value
