"""Sending dead letters again to the topic that they came from.

At least once: a letter counts as replayed when the broker has acknowledged its copy, and this is
recorded after each batch. Whoever crashes in between sends the batch again, and the inbox of the
consumer makes one effect of it.
"""

# pyright: reportPrivateImportUsage=false, reportUnknownMemberType=false

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from confluent_kafka import KafkaError, Message, Producer

from todo_shared.broker import BrokerConnection
from todo_shared.dead_letters.letter import DeadLetter
from todo_shared.dead_letters.log import DeadLetterLog

BATCH: Final = 200
BATCH_BYTES: Final = 8 * 1024 * 1024
FROM_HEADER: Final = "replayed-from"


class ReplayIncompleteError(Exception):
    """The broker did not take some letters; the others are recorded as replayed."""


class LetterProducer:
    """Publishes copies of letters and waits `seconds` for the broker's acknowledgement."""

    def __init__(self, broker: BrokerConnection, prefix: str, seconds: float = 30.0) -> None:
        self._prefix = prefix
        self._seconds = seconds
        self._producer = Producer(
            {
                **broker.options(),
                # One request at a time keeps the order when one of them is repeated.
                "acks": "all",
                "max.in.flight.requests.per.connection": 1,
                "delivery.timeout.ms": int(seconds * 1000),
                "message.max.bytes": 2_000_000,
                "log_level": 0,
            }
        )

    def publish(self, letters: Sequence[DeadLetter]) -> tuple[list[DeadLetter], str]:
        """Publish in order; returns the acknowledged letters and why others were not.

        Key and bytes are those that were received. The partition is named, because producers differ
        in how they choose it by key: the topic and its dead letters have the same partitions.
        """
        acknowledged: list[DeadLetter] = []
        reasons: list[str] = []

        def waiting_for(letter: DeadLetter) -> None:
            def delivered(error: KafkaError | None, _: Message) -> None:
                if error is None:
                    acknowledged.append(letter)
                else:
                    reasons.append(f"{letter.position}: {error.str()}")

            self._producer.produce(
                self._prefix + letter.topic,
                value=letter.value,
                key=letter.key,
                partition=letter.partition,
                headers=[(FROM_HEADER, letter.position.encode())],
                on_delivery=delivered,
            )

        for letter in letters:
            waiting_for(letter)
        self._producer.flush(self._seconds + 5)
        missing = len(letters) - len(acknowledged) - len(reasons)
        if missing:
            reasons.append(f"{missing} without an answer")
        return acknowledged, "; ".join(reasons[:3])


def replay(
    letters: Iterable[DeadLetter], log: DeadLetterLog, producer: LetterProducer
) -> Iterator[DeadLetter]:
    """Publish `letters` batch by batch, record each batch, give what was acknowledged.

    Raises ReplayIncompleteError after recording what went through, BrokerUnavailableError.
    """
    for batch in _batches(letters):
        acknowledged, reasons = producer.publish(batch)
        if acknowledged:
            log.mark(acknowledged)
        yield from (replace(letter, replayed=True) for letter in acknowledged)
        if len(acknowledged) < len(batch):
            raise ReplayIncompleteError(
                f"{len(batch) - len(acknowledged)} letters were not taken ({reasons}); "
                "run the same command again"
            )


def _batches(letters: Iterable[DeadLetter]) -> Iterator[list[DeadLetter]]:
    """The letters in order, at most BATCH together and hardly more than BATCH_BYTES."""
    batch: list[DeadLetter] = []
    size = 0
    for letter in letters:
        batch.append(letter)
        size += len(letter.value or b"")
        if len(batch) == BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
