"""Events that wait in the state store, written in the transaction of the change they tell of.

One key holds the events of one shard of users as a list. Whoever adds or removes does it on the
version it has read: of two at the same time one wins and the other begins again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID
from zlib import crc32

from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter

from todo_shared.dapr import ABSENT, StateStore, Upsert, state_key
from todo_shared.errors import UnavailableError
from todo_shared.events.envelope import NewEvent, StoredEvent

# Fixed for the life of a store: events of a user in two shards could overtake each other.
SHARDS: Final = 16
_MOST_IN_A_SHARD: Final = 1000


class OutboxEntry(BaseModel):
    """One event; `seq` counts the events of its key, `data` is its JSON text."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: UUID
    topic: str
    key: str
    seq: int
    time: AwareDatetime
    data: str
    traceparent: str
    correlation_id: str

    @classmethod
    def of(cls, event: NewEvent, seq: int) -> "OutboxEntry":
        """`event` as the `seq`-th of its key."""
        return cls(
            id=event.id,
            topic=event.topic,
            key=event.key,
            seq=seq,
            time=event.time,
            data=event.data.decode(),
            traceparent=event.traceparent,
            correlation_id=event.correlation_id,
        )

    def event(self, row: int) -> StoredEvent:
        """The event, as the envelope is made of it."""
        return StoredEvent(
            row=row,
            id=self.id,
            topic=self.topic,
            key=self.key,
            seq=self.seq,
            time=self.time,
            data=self.data.encode(),
            traceparent=self.traceparent,
            correlation_id=self.correlation_id,
        )


_ENTRIES: Final = TypeAdapter(tuple[OutboxEntry, ...])


@dataclass(frozen=True, slots=True)
class OutboxShard:
    """What one shard held when it was read."""

    number: int
    entries: tuple[OutboxEntry, ...]
    etag: str

    def with_entry(self, entry: OutboxEntry) -> Upsert:
        """The change that adds `entry`; raises UnavailableError when far too many wait already."""
        if len(self.entries) >= _MOST_IN_A_SHARD:
            raise UnavailableError("too many events wait for the broker")
        return self._changed((*self.entries, entry))

    def without(self, published: Collection[UUID]) -> Upsert:
        """The change that removes what was published."""
        return self._changed(tuple(e for e in self.entries if e.id not in published))

    def _changed(self, entries: tuple[OutboxEntry, ...]) -> Upsert:
        return Upsert(outbox_key(self.number), _ENTRIES.dump_json(entries), self.etag)


def shard_of(key: str) -> int:
    """The shard that all events of `key` belong to."""
    return crc32(key.encode()) % SHARDS


def outbox_key(shard: int) -> str:
    """Where a shard is stored."""
    return state_key("outbox", "gateway", str(shard))


async def read_shard(store: StateStore, shard: int) -> OutboxShard:
    """The shard as it is now; raises what the store raises."""
    found = await store.get(outbox_key(shard))
    if found is None:
        return OutboxShard(shard, (), ABSENT)
    return OutboxShard(shard, _ENTRIES.validate_json(found.value), found.etag)
