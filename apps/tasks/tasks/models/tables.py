"""The tables of the database `tasks`."""

from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import DateTime, Index, LargeBinary, MetaData, Text, text
from sqlmodel import Field, SQLModel

from todo_shared.outbox import outbox_tables

METADATA: Final = MetaData()

_TEXT: Final[Any] = Text
_BYTES: Final[Any] = LargeBinary
_MOMENT: Final[Any] = DateTime(timezone=True)


class TaskRow(SQLModel, table=True):
    """A row of `tasks`. `request_digest` tells a repeated create from another one with its key."""

    metadata: ClassVar[MetaData] = METADATA  # pyright: ignore[reportIncompatibleVariableOverride]
    __tablename__: ClassVar[str] = "tasks"  # pyright: ignore[reportIncompatibleVariableOverride]
    __table_args__ = (
        Index(
            "tasks_of_user",
            "user_id",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    user_id: str = Field(sa_type=_TEXT)
    title: str = Field(sa_type=_TEXT)
    description: str | None = Field(default=None, sa_type=_TEXT)
    status: str = Field(sa_type=_TEXT)
    due_date: datetime | None = Field(default=None, sa_type=_MOMENT)
    created_at: datetime = Field(sa_type=_MOMENT)
    updated_at: datetime = Field(sa_type=_MOMENT)
    completed_at: datetime | None = Field(default=None, sa_type=_MOMENT)
    deleted_at: datetime | None = Field(default=None, sa_type=_MOMENT)
    version: int
    request_digest: bytes = Field(sa_type=_BYTES)


OUTBOX, USER_SEQ = outbox_tables(METADATA)
