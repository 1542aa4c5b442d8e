"""Recurring tasks and the instances they make."""

from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tasks.models.audit import AuditRecord
from tasks.models.recurring_task import RecurringTask
from tasks.models.task import Task
from tasks.repository.audit import RECORD, audit_values
from tasks.repository.position import Position
from tasks.repository.search import MATCHES, pattern_of
from tasks.repository.task_rows import task_values
from todo_shared.database import Database
from todo_shared.events.envelope import NewEvent
from todo_shared.models import RecurringTaskQuery
from todo_shared.outbox import event_parameters, with_event
from todo_shared.recurrence import (
    CatchUpPolicy,
    GapPolicy,
    OverlapPolicy,
    RuleKind,
    ShortMonthPolicy,
)

_FIELDS: Final = (
    "title",
    "description",
    "recurrence_rule",
    "rule_kind",
    "time_zone",
    "starts_at",
    "gap_policy",
    "overlap_policy",
    "short_month_policy",
    "catch_up_policy",
    "lead_minutes",
    "schedule",
    "next_generation_time",
    "active",
    "updated_at",
    "deleted_at",
    "version",
)
_COLUMNS: Final = ", ".join(("id", "user_id", "created_at", *_FIELDS))
_BOUND: Final = ", ".join(f":{name}" for name in ("id", "user_id", "created_at", *_FIELDS))
_SET: Final = ", ".join(f"{name} = :{name}" for name in _FIELDS)

_INSERT: Final = with_event(f"""
    INSERT INTO recurring_tasks ({_COLUMNS}, request_digest) VALUES ({_BOUND}, :request_digest)
    ON CONFLICT (id) DO NOTHING
    RETURNING user_id
""")  # noqa: S608 - literals of this module
# An instance may have moved the next generation time on since the template was read.
_SAVE: Final = with_event(f"""
    UPDATE recurring_tasks SET {_SET}
    WHERE id = :id AND user_id = :user_id AND version = :version - 1
      AND next_generation_time IS NOT DISTINCT FROM CAST(:seen_generation_time AS timestamptz)
    RETURNING user_id
""")  # noqa: S608 - literals of this module
_GET: Final = text(f"""
    SELECT {_COLUMNS}, request_digest FROM recurring_tasks WHERE id = :id AND user_id = :user_id
""")  # noqa: S608 - literals of this module
# FOR UPDATE: an edit under way is waited for, and then refuses the instance of the old version.
_ADD_INSTANCE: Final = with_event(
    """
    INSERT INTO tasks (id, user_id, title, description, status, due_date, created_at, updated_at,
                       version, request_digest, recurring_task_id, instance_date, occurrence_key)
    SELECT :id, user_id, :title, :description, :status, :due_date, :created_at, :updated_at,
           :version, :request_digest, id, :instance_date, :occurrence_key
    FROM recurring_tasks
    WHERE id = :recurring_task_id AND user_id = :user_id AND version = :template_version
      AND active AND deleted_at IS NULL
    FOR UPDATE
    ON CONFLICT DO NOTHING
    RETURNING user_id
    """,
    RECORD,
    """
    UPDATE recurring_tasks
    SET next_generation_time = CAST(:next_generation_time AS timestamptz)
    FROM changed
    WHERE id = :recurring_task_id
      AND (CAST(:next_generation_time AS timestamptz) IS NULL
           OR next_generation_time < CAST(:next_generation_time AS timestamptz))
    """,
)


class RecurringTaskRepository(Protocol):
    """What the service needs of its storage."""

    async def add(self, template: RecurringTask, request_digest: bytes, event: NewEvent) -> bool:
        """Store a new template with its event; False when one with this id exists already."""
        ...

    async def save(self, template: RecurringTask, seen: RecurringTask, event: NewEvent) -> bool:
        """Store the next version of `seen`; False when it is no longer as it was seen."""
        ...

    async def get(self, user_id: str, template_id: UUID) -> tuple[RecurringTask, bytes] | None:
        """A template of the user, deleted or not, with the digest of the request that made it."""
        ...

    async def page(
        self, user_id: str, wanted: RecurringTaskQuery, after: Position | None, limit: int
    ) -> list[RecurringTask]:
        """Templates of the user that are not deleted and match, the newest first."""
        ...

    async def add_instance(
        self,
        instance: Task,
        *,
        request_digest: bytes,
        template_version: int,
        next_generation_time: datetime | None,
        record: AuditRecord,
        event: NewEvent,
    ) -> bool:
        """Store an instance and move its template on, both or neither.

        False when the instance exists already, or the template is not active at this version.
        """
        ...


class PostgresRecurringTaskRepository:
    """RecurringTaskRepository over a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, template: RecurringTask, request_digest: bytes, event: NewEvent) -> bool:
        """See RecurringTaskRepository."""
        values = _values(template) | event_parameters(event) | {"request_digest": request_digest}
        return await self._write(_INSERT, values)

    async def save(self, template: RecurringTask, seen: RecurringTask, event: NewEvent) -> bool:
        """See RecurringTaskRepository."""
        values = _values(template) | event_parameters(event)
        return await self._write(
            _SAVE, values | {"seen_generation_time": seen.next_generation_time}
        )

    async def get(self, user_id: str, template_id: UUID) -> tuple[RecurringTask, bytes] | None:
        """See RecurringTaskRepository."""

        async def work(connection: AsyncConnection) -> tuple[RecurringTask, bytes] | None:
            result = await connection.execute(_GET, {"id": template_id, "user_id": user_id})
            row = result.first()
            return None if row is None else (_template(row), bytes(row.request_digest))

        return await self._database.run(work)

    async def page(
        self, user_id: str, wanted: RecurringTaskQuery, after: Position | None, limit: int
    ) -> list[RecurringTask]:
        """See RecurringTaskRepository."""
        conditions = ["user_id = :user_id", "deleted_at IS NULL"]
        values: dict[str, Any] = {"user_id": user_id, "limit": limit}
        if wanted.active is not None:
            conditions.append("active" if wanted.active else "NOT active")
        if wanted.q is not None:
            conditions.append(MATCHES)
            values["pattern"] = pattern_of(wanted.q)
        if after is not None:
            conditions.append("(created_at, id) < (:after_moment, :after_id)")
            values |= {"after_moment": after.moment, "after_id": after.id}

        async def work(connection: AsyncConnection) -> list[RecurringTask]:
            result = await connection.execute(_list(tuple(conditions)), values)
            return [_template(row) for row in result]

        return await self._database.run(work)

    async def add_instance(
        self,
        instance: Task,
        *,
        request_digest: bytes,
        template_version: int,
        next_generation_time: datetime | None,
        record: AuditRecord,
        event: NewEvent,
    ) -> bool:
        """See RecurringTaskRepository."""
        values: dict[str, Any] = {
            **task_values(instance),
            **audit_values(record),
            **event_parameters(event),
            "request_digest": request_digest,
            "template_version": template_version,
            "next_generation_time": next_generation_time,
        }
        return await self._write(_ADD_INSTANCE, values)

    async def _write(self, statement: TextClause, values: dict[str, Any]) -> bool:
        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(statement, values)).first() is not None

        return await self._database.run(work)


@lru_cache(maxsize=16)
def _list(conditions: tuple[str, ...]) -> TextClause:
    return text(f"""
        SELECT {_COLUMNS} FROM recurring_tasks WHERE {" AND ".join(conditions)}
        ORDER BY created_at DESC, id DESC LIMIT :limit
    """)  # noqa: S608 - literals of this module, values are bound


def _values(template: RecurringTask) -> dict[str, Any]:
    fields = {name: getattr(template, name) for name in ("user_id", "created_at", *_FIELDS)}
    return {"id": UUID(template.id), **fields}


def _template(row: Row[Any]) -> RecurringTask:
    return RecurringTask(
        id=str(row.id),
        user_id=row.user_id,
        title=row.title,
        description=row.description,
        recurrence_rule=row.recurrence_rule,
        rule_kind=RuleKind(row.rule_kind),
        time_zone=row.time_zone,
        starts_at=row.starts_at,
        gap_policy=GapPolicy(row.gap_policy) if row.gap_policy else None,
        overlap_policy=OverlapPolicy(row.overlap_policy) if row.overlap_policy else None,
        short_month_policy=ShortMonthPolicy(row.short_month_policy),
        catch_up_policy=CatchUpPolicy(row.catch_up_policy),
        lead_minutes=row.lead_minutes,
        schedule=row.schedule,
        next_generation_time=row.next_generation_time,
        active=row.active,
        created_at=row.created_at,
        updated_at=row.updated_at,
        deleted_at=row.deleted_at,
        version=row.version,
    )
