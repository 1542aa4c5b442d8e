"""A projection is built anew from what the broker keeps."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from broker import Broker
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from todo_shared.broker import BrokerConnection
from todo_shared.consumer import EventConsumer
from todo_shared.events.envelope import ReceivedEvent, StoredEvent, encode, new_event
from todo_shared.events.payloads import TaskDeleted
from todo_shared.ids import uuid7
from todo_shared.rebuild import BATCH, RebuildFailedError, rebuild
from todo_shared.topic_reader import BrokerUnavailableError
from todo_shared.topics import create_topics, declared

PREFIX = "rebuild."
USERS = [f"user-{number}" for number in range(7)]


class Projection:
    """What was deleted, by user, in the order in which it was told."""

    def __init__(self, broken: bool = False) -> None:
        self.deleted: dict[str, list[int]] = {}
        self._broken = broken

    async def keep(self, events: Sequence[ReceivedEvent[TaskDeleted]]) -> int:
        """Remember the sequence numbers."""
        if self._broken:
            raise RuntimeError("the table is missing")
        for event in events:
            self.deleted.setdefault(event.key, []).append(event.seq)
        return len(events)


@pytest.fixture(scope="module")
def filled(broker: Broker) -> Broker:
    """A broker that keeps many events and one message that is none."""
    admin = AdminClient({"bootstrap.servers": broker.address})
    wanted = tuple(topic for topic in declared() if topic.name == "task.deleted")
    create_topics(admin, wanted, PREFIX, 1)
    # Without idempotence a batch that is repeated may come behind a later one.
    producer = Producer({"bootstrap.servers": broker.address, "enable.idempotence": True})
    for seq in range(1, 2 * BATCH // len(USERS) + 10):
        for user in USERS:
            data = TaskDeleted(task_id=f"{user}-{seq}", user_id=user, deleted_at=datetime.now(UTC))
            new = new_event(uuid7(), data, datetime.now(UTC))
            stored = StoredEvent(1, new.id, new.topic, new.key, seq, new.time, new.data, "", "")
            producer.produce(f"{PREFIX}task.deleted", encode(stored, "task-service"), user)
        if seq == 5:
            producer.produce(f"{PREFIX}task.deleted", b"no event", USERS[0])
    assert producer.flush(60) == 0
    return broker


async def test_every_event_is_told_again_in_the_order_of_its_user(filled: Broker) -> None:
    projection = Projection()
    handled = await rebuild(
        BrokerConnection(filled.address), PREFIX, [EventConsumer(TaskDeleted, projection.keep)]
    )
    assert set(projection.deleted) == set(USERS)
    assert handled == sum(map(len, projection.deleted.values())) > BATCH
    for sequence in projection.deleted.values():
        assert sequence == list(range(1, len(sequence) + 1))


async def test_an_event_that_cannot_be_handled_ends_it(filled: Broker) -> None:
    projection = Projection(broken=True)
    with pytest.raises(RebuildFailedError, match=r"task\.deleted"):
        await rebuild(
            BrokerConnection(filled.address), PREFIX, [EventConsumer(TaskDeleted, projection.keep)]
        )


async def test_a_missing_topic_is_named(filled: Broker) -> None:
    with pytest.raises(BrokerUnavailableError, match=r"no topic absent\.task\.deleted"):
        await rebuild(
            BrokerConnection(filled.address),
            "absent.",
            [EventConsumer(TaskDeleted, Projection().keep)],
        )
