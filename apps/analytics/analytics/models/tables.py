"""The tables of the database `analytics`.

The projections exist twice, in the schemas of `Schema`: one is read, the other is empty or being
rebuilt.
"""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)

from analytics.models.counts import Measure
from analytics.models.histogram import BOUNDS
from todo_shared.inbox import inbox_table


class Schema(StrEnum):
    """Where a set of projections lies."""

    A = "projection_a"
    B = "projection_b"

    @property
    def other(self) -> "Schema":
        """The schema that is not this one."""
        return Schema.B if self is Schema.A else Schema.A


METADATA: Final = MetaData()
STATE: Final = Table(
    "projection_state",
    METADATA,
    Column(
        "single", Boolean, CheckConstraint("single"), primary_key=True, server_default=text("true")
    ),
    Column("active", Text, nullable=False),
    Column("shadow", Text),
    Column("rebuild", BigInteger, nullable=False, server_default=text("0")),
)


def _text(name: str, *, primary_key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=False, primary_key=primary_key)


def _moment(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True))


def _projections(schema: Schema) -> MetaData:
    metadata = MetaData(schema=schema.value)
    counts = [
        Column(each.value, BigInteger, nullable=False, server_default=text("0")) for each in Measure
    ]
    Table(
        "daily_counts",
        metadata,
        _text("user_id", primary_key=True),
        Column("day", Date, primary_key=True),
        *counts,
        Index("daily_counts_by_day", "day"),
        postgresql_with={"fillfactor": "80"},
    )
    bounds = ",".join(str(bound) for bound in BOUNDS)
    bucket = Computed(
        "width_bucket(CAST(extract(epoch FROM completed_at - created_at) AS double precision), "
        f"CAST('{{{bounds}}}' AS double precision[]))",
        persisted=True,
    )
    Table(
        "tasks",
        metadata,
        _text("task_id", primary_key=True),
        _text("user_id"),
        _moment("created_at"),
        _moment("completed_at"),
        Column("completion_seq", BigInteger, nullable=False),
        _moment("deleted_at"),
        Column("completion_bucket", SmallInteger, bucket),
        Index("tasks_of_user", "user_id", "completion_bucket"),
        postgresql_with={"fillfactor": "80"},
    )
    Table(
        "series",
        metadata,
        _text("series_id", primary_key=True),
        _text("user_id"),
        Column("version", BigInteger, nullable=False),
        Column("active", Boolean, nullable=False),
        Index("series_active_of_user", "user_id", postgresql_where=text("active")),
    )
    Table(
        "replay_positions",
        metadata,
        _text("topic", primary_key=True),
        Column("partition", Integer, primary_key=True, autoincrement=False),
        Column("next_offset", BigInteger, nullable=False),
    )
    inbox_table(metadata)
    return metadata


PROJECTIONS: Final = {schema: _projections(schema) for schema in Schema}
