"""What can be done with recurring tasks: the use cases between the routes and the repository."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from tasks import announcements
from tasks.errors import check_version
from tasks.lifecycle import utc_now
from tasks.models.recurring_task import RecurringTask
from tasks.paging import after_row, position_of
from tasks.repository.recurring_tasks import RecurringTaskRepository
from todo_shared.errors import ConflictError, InvalidError, NotFoundError
from todo_shared.ids import derived, uuid7
from todo_shared.models import (
    OccurrenceResponse,
    RecurringTaskCreate,
    RecurringTaskPage,
    RecurringTaskPreview,
    RecurringTaskQuery,
    RecurringTaskResponse,
    RecurringTaskUpdate,
)
from todo_shared.recurrence import RecurrenceError, next_dates

_ATTEMPTS: Final = 4

T = TypeVar("T")


class RecurringTasks:
    """Creates, reads and changes the recurring tasks of one user at a time."""

    def __init__(
        self, repository: RecurringTaskRepository, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._repository = repository
        self._now = now

    async def create(
        self, user_id: str, wanted: RecurringTaskCreate, key: str | None
    ) -> tuple[RecurringTaskResponse, bool]:
        """The new recurring task, and whether it was made now; the same `key` gives it again.

        Raises InvalidError for a rule that cannot be, or a key that had another body.
        """
        template_id = derived("recurring-task", user_id, key) if key else uuid7()
        now = self._now()
        template = await _read(lambda: RecurringTask.create(str(template_id), user_id, wanted, now))
        digest = hashlib.sha256(wanted.model_dump_json().encode()).digest()
        event = announcements.recurring_created(template)
        if await self._repository.add(template, digest, event):
            return template.response(), True
        found = await self._repository.get(user_id, template_id)
        if found is None or found[1] != digest:
            raise InvalidError("this Idempotency-Key was used before with another body")
        return found[0].response(), False

    async def get(self, user_id: str, template_id: str) -> RecurringTaskResponse:
        """A recurring task of the user; raises NotFoundError."""
        return (await self._existing(user_id, template_id)).response()

    async def page(self, user_id: str, wanted: RecurringTaskQuery) -> RecurringTaskPage:
        """The recurring tasks that match; raises InvalidError for a foreign `after`."""
        position = position_of(wanted.after)
        found = await self._repository.page(user_id, wanted, position, wanted.limit + 1)
        more = after_row(found[wanted.limit - 1]) if len(found) > wanted.limit else None
        items = [template.response() for template in found[: wanted.limit]]
        return RecurringTaskPage(items=items, next=more)

    async def preview(self, user_id: str, template_id: str, n: int) -> RecurringTaskPreview:
        """The next `n` dates, whether or not it is paused; raises NotFoundError."""
        template = await self._existing(user_id, template_id)
        now = self._now()
        coming = await _read(lambda: next_dates(template.recurrence(), now, n))
        items = [
            OccurrenceResponse(
                occurrence_key=occurrence.key,
                instance_date=occurrence.instance_date,
                due_date=occurrence.instant,
            )
            for occurrence in coming
        ]
        return RecurringTaskPreview(items=items)

    async def update(
        self, user_id: str, template_id: str, wanted: RecurringTaskUpdate, expected: int | None
    ) -> RecurringTaskResponse:
        """The changed recurring task; instances that exist stay as they are.

        Raises NotFoundError, InvalidError for a rule that cannot be, and StaleVersionError unless
        `expected` is None or the present version.
        """

        def change(template: RecurringTask) -> RecurringTask:
            check_version(template.version, expected)
            return template.edit(wanted, self._now())

        return (await self._change(user_id, template_id, change)).response()

    async def delete(self, user_id: str, template_id: str) -> None:
        """End a recurring task; its instances stay. Raises NotFoundError, ConflictError."""
        await self._change(user_id, template_id, lambda template: template.delete(self._now()))

    async def _change(
        self, user_id: str, template_id: str, change: Callable[[RecurringTask], RecurringTask]
    ) -> RecurringTask:
        """What others change meanwhile is taken up, not overwritten."""
        for _ in range(_ATTEMPTS):
            before = await self._existing(user_id, template_id)
            after = await _read(lambda before=before: change(before))
            if after is before:
                return before
            event = announcements.recurring_updated(after)
            if await self._repository.save(after, before, event):
                return after
            if await self._found(user_id, template_id) == after:
                # The connection broke after our own attempt had arrived.
                return after
        raise ConflictError("the recurring task is being changed by others; try again")

    async def _existing(self, user_id: str, template_id: str) -> RecurringTask:
        found = await self._found(user_id, template_id)
        if found is None or found.deleted_at is not None:
            raise NotFoundError("recurring task not found")
        return found

    async def _found(self, user_id: str, template_id: str) -> RecurringTask | None:
        try:
            found = await self._repository.get(user_id, UUID(template_id))
        except ValueError:
            return None
        return None if found is None else found[0]


async def _read(work: Callable[[], T]) -> T:
    """`work` on a rule, off the event loop: a rule with a high COUNT takes some 100 ms.

    Raises InvalidError for a rule that cannot be.
    """
    try:
        return await asyncio.to_thread(work)
    except RecurrenceError as error:
        raise InvalidError(str(error)) from error
