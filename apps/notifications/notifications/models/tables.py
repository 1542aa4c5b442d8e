"""The tables of the database `notifications`."""

from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Index, MetaData, Text
from sqlmodel import Field, SQLModel

from todo_shared.inbox import inbox_table

METADATA: Final = MetaData()

_TEXT: Final[Any] = Text
_MOMENT: Final[Any] = DateTime(timezone=True)


class DeliveryRow(SQLModel, table=True):
    """A row of `deliveries`.

    `event_id` is deliberately not unique: that an event has one delivery is the inbox's work, and a
    second row would show that it failed.
    """

    metadata: ClassVar[MetaData] = METADATA  # pyright: ignore[reportIncompatibleVariableOverride]
    __tablename__: ClassVar[str] = "deliveries"  # pyright: ignore[reportIncompatibleVariableOverride]
    __table_args__ = (
        Index("deliveries_of_user", "user_id", "id"),
        Index("deliveries_of_task", "task_id", "id"),
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
    created_at: datetime = Field(sa_type=_MOMENT)
    sent_at: datetime | None = Field(default=None, sa_type=_MOMENT)


INBOX: Final = inbox_table(METADATA)
