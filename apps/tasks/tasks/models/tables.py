"""The tables of the database `tasks`."""

from datetime import date, datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import DateTime, Index, LargeBinary, MetaData, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from tasks.read_copy.tables import read_copy_tables
from todo_shared.outbox import outbox_tables

METADATA: Final = MetaData()

_TEXT: Final[Any] = Text
_BYTES: Final[Any] = LargeBinary
_MOMENT: Final[Any] = DateTime(timezone=True)
_LOCAL: Final[Any] = DateTime(timezone=False)
_JSON: Final[Any] = JSONB


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
        Index(
            "tasks_of_user_by_due",
            "user_id",
            "due_date",
            "id",
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "tasks_due",
            "due_date",
            "id",
            postgresql_where=text("deleted_at IS NULL AND status = 'pending'"),
        ),
        Index(
            "tasks_of_occurrence",
            "recurring_task_id",
            "occurrence_key",
            unique=True,
            postgresql_where=text("recurring_task_id IS NOT NULL"),
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
    recurring_task_id: UUID | None = None
    instance_date: date | None = None
    occurrence_key: str | None = Field(default=None, sa_type=_TEXT)


class RecurringTaskRow(SQLModel, table=True):
    """A row of `recurring_tasks`; `starts_at` is wall-clock time in `time_zone`."""

    metadata: ClassVar[MetaData] = METADATA  # pyright: ignore[reportIncompatibleVariableOverride]
    __tablename__: ClassVar[str] = "recurring_tasks"  # pyright: ignore[reportIncompatibleVariableOverride]
    __table_args__ = (
        Index(
            "recurring_tasks_of_user",
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
    recurrence_rule: str = Field(sa_type=_TEXT)
    rule_kind: str = Field(sa_type=_TEXT)
    time_zone: str = Field(sa_type=_TEXT)
    starts_at: datetime = Field(sa_type=_LOCAL)
    gap_policy: str | None = Field(default=None, sa_type=_TEXT)
    overlap_policy: str | None = Field(default=None, sa_type=_TEXT)
    short_month_policy: str = Field(sa_type=_TEXT)
    catch_up_policy: str = Field(sa_type=_TEXT)
    lead_minutes: int
    schedule: str = Field(sa_type=_TEXT)
    next_generation_time: datetime | None = Field(default=None, sa_type=_MOMENT)
    active: bool
    created_at: datetime = Field(sa_type=_MOMENT)
    updated_at: datetime = Field(sa_type=_MOMENT)
    deleted_at: datetime | None = Field(default=None, sa_type=_MOMENT)
    version: int
    request_digest: bytes = Field(sa_type=_BYTES)


class TaskAuditRow(SQLModel, table=True):
    """A row of `task_audit`: the change that made a version of a task."""

    metadata: ClassVar[MetaData] = METADATA  # pyright: ignore[reportIncompatibleVariableOverride]
    __tablename__: ClassVar[str] = "task_audit"  # pyright: ignore[reportIncompatibleVariableOverride]

    task_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    user_id: str = Field(sa_type=_TEXT)
    actor: str = Field(sa_type=_TEXT)
    action: str = Field(sa_type=_TEXT)
    changes: dict[str, Any] = Field(sa_type=_JSON)
    at: datetime = Field(sa_type=_MOMENT)
    trace_id: str = Field(sa_type=_TEXT)


OUTBOX, USER_SEQ = outbox_tables(METADATA)
read_copy_tables(METADATA)
