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


def with_event(change: str, *also: str) -> TextClause:
    """One statement that makes `change` and queues its events, or does neither.

    `change` is SQL that returns at most one row with a column `user_id`; when it returns none, no
    event is queued. Each of `also` is one more write of the same statement, in SQL that selects
    from `changed`, the rows of `change`, which are also the result. Bind `event_parameters`
    beside its own.
    """
    more = "".join(f"also_{number} AS ({write})," for number, write in enumerate(also))
    return text(f"""
        WITH changed AS ({change}),
        {more}
        numbered AS (
            INSERT INTO user_seq AS counter (user_id, seq)
            SELECT user_id, :event_count FROM changed
            ON CONFLICT (user_id) DO UPDATE SET seq = counter.seq + :event_count
            RETURNING seq - :event_count AS seq
        ),
        queued AS (
            INSERT INTO outbox
                (shard, event_id, topic, key, seq, time, traceparent, correlation_id, data)
            SELECT :event_shard, event_id, topic, :event_key, seq + number, :event_time,
                   :event_traceparent, :event_correlation_id, data
            FROM numbered, unnest(
                CAST(:event_ids AS uuid[]), CAST(:event_topics AS text[]),
                CAST(:event_data AS bytea[])
            ) WITH ORDINALITY AS given(event_id, topic, data, number)
            ORDER BY number
            RETURNING shard
        ),
        woken AS (SELECT pg_notify('{CHANNEL}', shard::text) FROM queued)
        SELECT changed.*, (SELECT count(*) FROM woken) AS events FROM changed
    """)  # noqa: S608 - all parts are literals of our code, values are bound


def event_parameters(first: NewEvent, *others: NewEvent) -> dict[str, Any]:
    """The values that `with_event` binds for events of one key and one time, in their order."""
    events = (first, *others)
    return {
        "event_count": len(events),
        "event_shard": shard_of(first.key),
        "event_ids": [event.id for event in events],
        "event_topics": [event.topic for event in events],
        "event_key": first.key,
        "event_time": first.time,
        "event_traceparent": first.traceparent,
        "event_correlation_id": first.correlation_id,
        "event_data": [event.data for event in events],
    }


_APPEND: Final = with_event("SELECT CAST(:event_key AS text) AS user_id")


async def append(connection: AsyncConnection, event: NewEvent) -> None:
    """Queue `event` in the transaction of `connection`, for changes of more than one statement."""
    await connection.execute(_APPEND, event_parameters(event))
