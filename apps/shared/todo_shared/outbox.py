"""The outbox: an event becomes durable in the same statement as the change that caused it.

Order per user: the row of `user_seq` is locked by the statement, so the changes of one user commit
one after another, and sequence number and outbox row follow the order of commits. No order is
promised between users.
"""

from typing import Any, Final
from zlib import crc32

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    TextClause,
    Uuid,
    func,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from todo_shared.events.envelope import NewEvent

CHANNEL: Final = "outbox"
# Fixed for the life of a database: two relays that disagreed on it could overtake each other.
SHARDS: Final = 4


def shard_of(key: str) -> int:
    """The shard that all events of `key` belong to; one relay at a time works on a shard."""
    return crc32(key.encode()) % SHARDS


def outbox_tables(metadata: MetaData) -> tuple[Table, Table]:
    """Declare `outbox` and `user_seq` in the schema of a service."""
    outbox = Table(
        "outbox",
        metadata,
        Column("id", BigInteger, primary_key=True, autoincrement=True),
        Column("shard", SmallInteger, nullable=False),
        Column("event_id", Uuid, nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("time", DateTime(timezone=True), nullable=False),
        Column("traceparent", Text, nullable=False),
        Column("correlation_id", Text, nullable=False),
        Column("data", LargeBinary, nullable=False),
        Column(
            "created_at",
            DateTime(timezone=True),
            nullable=False,
            server_default=func.clock_timestamp(),
        ),
        Index("outbox_by_shard", "shard", "id"),
        # Every row is deleted soon: vacuum by number of rows, not by share of the table.
        postgresql_with={
            "autovacuum_vacuum_scale_factor": "0",
            "autovacuum_vacuum_threshold": "1000",
        },
    )
    user_seq = Table(
        "user_seq",
        metadata,
        Column("user_id", Text, primary_key=True),
        Column("seq", BigInteger, nullable=False),
        postgresql_with={"fillfactor": "70"},
    )
    return outbox, user_seq


def with_event(change: str) -> TextClause:
    """One statement that makes `change` and queues its event, or does neither.

    `change` is SQL that returns at most one row with a column `user_id`; when it returns none, no
    event is queued. The result has the rows of `change`. Bind `event_parameters` beside its own.
    """
    return text(f"""
        WITH changed AS ({change}),
        numbered AS (
            INSERT INTO user_seq AS counter (user_id, seq)
            SELECT user_id, 1 FROM changed
            ON CONFLICT (user_id) DO UPDATE SET seq = counter.seq + 1
            RETURNING seq
        ),
        queued AS (
            INSERT INTO outbox
                (shard, event_id, topic, key, seq, time, traceparent, correlation_id, data)
            SELECT :event_shard, :event_id, :event_topic, :event_key, seq, :event_time,
                   :event_traceparent, :event_correlation_id, :event_data
            FROM numbered
            RETURNING shard
        ),
        woken AS (SELECT pg_notify('{CHANNEL}', shard::text) FROM queued)
        SELECT changed.*, (SELECT count(*) FROM woken) AS events FROM changed
    """)  # noqa: S608 - both parts are literals of our code, values are bound


def event_parameters(event: NewEvent) -> dict[str, Any]:
    """The values that `with_event` binds for `event`."""
    return {
        "event_shard": shard_of(event.key),
        "event_id": event.id,
        "event_topic": event.topic,
        "event_key": event.key,
        "event_time": event.time,
        "event_traceparent": event.traceparent,
        "event_correlation_id": event.correlation_id,
        "event_data": event.data,
    }


_APPEND: Final = with_event("SELECT CAST(:event_key AS text) AS user_id")


async def append(connection: AsyncConnection, event: NewEvent) -> None:
    """Queue `event` in the transaction of `connection`, for changes of more than one statement."""
    await connection.execute(_APPEND, event_parameters(event))
