"""The tables of the database `scheduler`."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
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

from todo_shared.inbox import inbox_table
from todo_shared.outbox import outbox_tables

METADATA: Final = MetaData()


def _text(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable, primary_key=primary_key)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _moment(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


# Recurring tasks as their events tell them, with the cursor, the fence and the lease.
SERIES: Final = Table(
    "series",
    METADATA,
    _text("id", primary_key=True),
    _text("user_id"),
    _text("rule"),
    _text("rule_kind"),
    _text("time_zone"),
    _text("starts_at"),
    _text("gap_policy"),
    _text("overlap_policy"),
    _text("short_month_policy"),
    _text("catch_up_policy"),
    Column("lead_minutes", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    _number("version"),
    _text("next_key", nullable=True),
    _moment("next_instant"),
    _moment("generation_at"),
    _text("tzdata"),
    _number("fence"),
    _moment("leased_until"),
    _text("leased_by", nullable=True),
    Column("attempts", Integer, nullable=False),
    _moment("retry_at"),
    Index(
        "series_by_generation",
        "generation_at",
        postgresql_where=text("active AND generation_at IS NOT NULL"),
    ),
    postgresql_with={"fillfactor": "80"},
)

# Tasks as far as reminders need them; each field has the `seq` of the event that set it last.
TASKS: Final = Table(
    "tasks",
    METADATA,
    _text("task_id", primary_key=True),
    _text("user_id"),
    _text("title", nullable=True),
    _number("title_seq"),
    _moment("due_date"),
    _number("due_seq"),
    _text("state"),
    _number("state_seq"),
)

REMINDERS: Final = Table(
    "reminders",
    METADATA,
    Column("id", Uuid, primary_key=True),
    _text("task_id"),
    _text("user_id"),
    Column("shard", SmallInteger, nullable=False),
    _text("channel"),
    Column("offset_minutes", Integer),
    Column("automatic", Boolean, nullable=False),
    _moment("trigger_time", nullable=False),
    _moment("armed_at", nullable=False),
    _text("status"),
    _text("cancel_reason", nullable=True),
    _moment("fired_at"),
    _moment("canceled_at"),
    _moment("created_at", nullable=False),
    _text("traceparent"),
    _text("correlation_id"),
    Index("reminders_pending", "trigger_time", postgresql_where=text("status = 'pending'")),
    Index("reminders_of_task", "task_id"),
    Index("reminders_of_user", "user_id", "trigger_time", "id"),
)

REPLICAS: Final = Table(
    "replicas",
    METADATA,
    _text("id", primary_key=True),
    _moment("heartbeat_at", nullable=False),
)

INBOX: Final = inbox_table(METADATA)
OUTBOX, USER_SEQ = outbox_tables(METADATA)
