"""The tables of the database `notifications`."""

from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Index, MetaData, Text, func, text
from sqlmodel import Field, SQLModel

from todo_shared.inbox import inbox_table

METADATA: Final = MetaData()

_TEXT: Final[Any] = Text
_MOMENT: Final[Any] = DateTime(timezone=True)
_NOW: Final = {"server_default": func.clock_timestamp()}
_UNFINISHED: Final = text("status IN ('pending', 'sending')")


class DeliveryRow(SQLModel, table=True):
    """A row of `deliveries`.

    `event_id` is deliberately not unique: that an event has one delivery is the inbox's work, and a
    second row would show that it failed. `number` counts the deliveries of a user without gaps, in
    the order of commits. `next_attempt_at` is when anybody may take an unfinished row: its pause is
    over, or the lease of who took it last.
    """

    metadata: ClassVar[MetaData] = METADATA  # pyright: ignore[reportIncompatibleVariableOverride]
    __tablename__: ClassVar[str] = "deliveries"  # pyright: ignore[reportIncompatibleVariableOverride]
    __table_args__ = (
        Index("deliveries_of_user", "user_id", "id"),
        Index("deliveries_of_task", "task_id", "id"),
        Index("deliveries_due", "channel", "next_attempt_at", postgresql_where=_UNFINISHED),
        Index("deliveries_in_line", "user_id", "channel", "id", postgresql_where=_UNFINISHED),
        Index(
            "deliveries_of_reminder",
            "reminder_id",
            postgresql_where=text("reminder_id IS NOT NULL"),
        ),
        Index("deliveries_failed", "id", postgresql_where=text("status = 'failed'")),
        Index(
            "deliveries_in_stream",
            "user_id",
            "number",
            unique=True,
            postgresql_where=text("number IS NOT NULL"),
        ),
    )

    id: int = Field(primary_key=True, sa_type=BigInteger)
    event_id: UUID
    task_id: str = Field(sa_type=_TEXT)
    user_id: str = Field(sa_type=_TEXT)
    channel: str = Field(sa_type=_TEXT)
    subject: str = Field(sa_type=_TEXT)
    body: str = Field(sa_type=_TEXT)
    status: str = Field(sa_type=_TEXT)
    seq: int = Field(sa_type=BigInteger)
    trace_id: str = Field(sa_type=_TEXT)
    event_time: datetime = Field(sa_type=_MOMENT)
    created_at: datetime = Field(sa_type=_MOMENT, sa_column_kwargs=_NOW)
    sent_at: datetime | None = Field(default=None, sa_type=_MOMENT)
    number: int | None = Field(default=None, sa_type=BigInteger)
    reminder_id: str | None = Field(default=None, sa_type=_TEXT)
    reason: str | None = Field(default=None, sa_type=_TEXT)
    attempts: int = 0
    attempt_limit: int = 6
    next_attempt_at: datetime = Field(
        sa_type=_MOMENT, sa_column_kwargs={"server_default": func.now()}
    )
    traceparent: str = Field(default="", sa_type=_TEXT)
    correlation_id: str = Field(default="", sa_type=_TEXT)


class DeliveryCounterRow(SQLModel, table=True):
    """A row of `delivery_counters`: its lock makes the deliveries of a user commit in order."""

    metadata: ClassVar[MetaData] = METADATA  # pyright: ignore[reportIncompatibleVariableOverride]
    __tablename__: ClassVar[str] = "delivery_counters"  # pyright: ignore[reportIncompatibleVariableOverride]

    user_id: str = Field(primary_key=True, sa_type=_TEXT)
    last: int = Field(sa_type=BigInteger)


class CanceledReminderRow(SQLModel, table=True):
    """A row of `canceled_reminders`: what it names is not sent, even if it triggers later."""

    metadata: ClassVar[MetaData] = METADATA  # pyright: ignore[reportIncompatibleVariableOverride]
    __tablename__: ClassVar[str] = "canceled_reminders"  # pyright: ignore[reportIncompatibleVariableOverride]
    __table_args__ = (Index("canceled_reminders_by_age", "canceled_at"),)

    reminder_id: str = Field(primary_key=True, sa_type=_TEXT)
    canceled_at: datetime = Field(sa_type=_MOMENT, sa_column_kwargs=_NOW)


class RecipientRow(SQLModel, table=True):
    """A row of `recipients`: where a user wants one channel; no row means the default."""

    metadata: ClassVar[MetaData] = METADATA  # pyright: ignore[reportIncompatibleVariableOverride]
    __tablename__: ClassVar[str] = "recipients"  # pyright: ignore[reportIncompatibleVariableOverride]

    user_id: str = Field(primary_key=True, sa_type=_TEXT)
    channel: str = Field(primary_key=True, sa_type=_TEXT)
    address: str | None = Field(default=None, sa_type=_TEXT)
    enabled: bool
    updated_at: datetime = Field(sa_type=_MOMENT, sa_column_kwargs=_NOW)


INBOX: Final = inbox_table(METADATA)
