"""The tables by which the copies are kept in step."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB


def read_copy_tables(metadata: MetaData) -> None:
    """Declare them in the schema of the service.

    `read_copies` has a row for each task that has, or may have, a copy: it is the index of keys.
    Whoever writes a copy makes the row before. `due_since` is set while the copy may be behind.
    """
    moment = DateTime(timezone=True)
    Table(
        "read_copies",
        metadata,
        Column("task_id", Uuid, primary_key=True),
        Column("user_id", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("due_since", moment),
        Index("read_copies_due", "due_since", postgresql_where=text("due_since IS NOT NULL")),
    )
    Table(
        "read_copy_phase",
        metadata,
        Column("id", SmallInteger, primary_key=True, autoincrement=False),
        Column("mode", Text, nullable=False),
        Column("since", moment, nullable=False),
        Column("backfill_after", Uuid),
        Column("backfilled", BigInteger, nullable=False),
        Column("backfill_finished_at", moment),
    )
    Table(
        "read_copy_reads",
        metadata,
        Column("since", moment, primary_key=True),
        Column("day", Date, primary_key=True),
        Column("hits", BigInteger, nullable=False),
        Column("misses", BigInteger, nullable=False),
    )
    Table(
        "read_copy_checks",
        metadata,
        Column("id", BigInteger, primary_key=True, autoincrement=True),
        Column("requested_at", moment, nullable=False),
        Column("started_at", moment),
        Column("finished_at", moment),
        Column("report", JSONB),
    )
