"""Making the instances of recurring tasks, when the scheduler asks for them."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from tasks import announcements
from tasks.lifecycle import utc_now
from tasks.models.audit import record_of_creation
from tasks.models.recurring_task import RecurringTask
from tasks.models.task import Task
from tasks.repository.recurring_tasks import RecurringTaskRepository
from tasks.repository.tasks import TaskRepository
from todo_shared.errors import ConflictError, NotFoundError
from todo_shared.models import InstanceCreate, TaskResponse


class InstanceGeneration:
    """Makes at most one task of each occurrence, however often and by whomever it is asked."""

    def __init__(
        self,
        templates: RecurringTaskRepository,
        tasks: TaskRepository,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._templates = templates
        self._tasks = tasks
        self._now = now

    async def make(
        self, user_id: str, template_id: str, wanted: InstanceCreate, actor: str
    ) -> tuple[TaskResponse, bool]:
        """The task of the occurrence, and whether it was made now.

        One that exists is given back whatever became of its template. Raises NotFoundError,
        InactiveError when paused or deleted, StaleVersionError after an edit.
        """
        template = await self._template(user_id, template_id)
        task = template.instance(wanted, self._now())
        refusal = template.refusal(wanted.version)
        if refusal is None and await self._add(task, wanted, actor):
            return task.response(), True
        found = await self._tasks.get(user_id, UUID(task.id))
        if found is not None:
            return found[0].response(), False
        if refusal is None:
            # It was edited between our reading and our writing.
            refusal = (await self._template(user_id, template_id)).refusal(wanted.version)
        raise refusal or ConflictError("the recurring task is being changed; try again")

    async def _add(self, task: Task, wanted: InstanceCreate, actor: str) -> bool:
        return await self._templates.add_instance(
            task,
            request_digest=hashlib.sha256(wanted.model_dump_json().encode()).digest(),
            template_version=wanted.version,
            next_generation_time=wanted.next_generation_time,
            record=record_of_creation(task, actor),
            event=announcements.created(task, wanted.version),
        )

    async def _template(self, user_id: str, template_id: str) -> RecurringTask:
        try:
            found = await self._templates.get(user_id, UUID(template_id))
        except ValueError:
            found = None
        if found is None:
            raise NotFoundError("recurring task not found")
        return found[0]
