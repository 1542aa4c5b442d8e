"""The repositories, with a copy behind each change."""

from collections.abc import Sequence
from datetime import datetime

from tasks.models.audit import AuditRecord
from tasks.models.task import Task
from tasks.read_copy.copying import ImmediateCopying
from tasks.repository.recurring_tasks import PostgresRecurringTaskRepository
from tasks.repository.tasks import PostgresTaskRepository
from todo_shared.database import Database
from todo_shared.events.envelope import NewEvent


class CopyingTaskRepository(PostgresTaskRepository):
    """TaskRepository whose changes are copied before they are answered."""

    def __init__(self, database: Database, copying: ImmediateCopying) -> None:
        super().__init__(database)
        self._copying = copying

    async def add(
        self, task: Task, request_digest: bytes, record: AuditRecord, event: NewEvent
    ) -> bool:
        """See TaskRepository."""
        added = await super().add(task, request_digest, record, event)
        if added:
            await self._copying.copy(task)
        return added

    async def save(self, task: Task, record: AuditRecord, events: Sequence[NewEvent]) -> bool:
        """See TaskRepository."""
        saved = await super().save(task, record, events)
        if saved:
            await self._copying.copy(task)
        return saved


class CopyingRecurringTaskRepository(PostgresRecurringTaskRepository):
    """RecurringTaskRepository whose instances are copied before they are answered."""

    def __init__(self, database: Database, copying: ImmediateCopying) -> None:
        super().__init__(database)
        self._copying = copying

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
        added = await super().add_instance(
            instance,
            request_digest=request_digest,
            template_version=template_version,
            next_generation_time=next_generation_time,
            record=record,
            event=event,
        )
        if added:
            await self._copying.copy(instance)
        return added
