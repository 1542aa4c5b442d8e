"""What users can do with reminders: the use cases between the routes and the repositories."""

from datetime import datetime
from uuid import UUID

from scheduler.clock import DatabaseClock
from scheduler.dapr.task_service import TaskService
from scheduler.journal import Journal
from scheduler.metrics import REMINDERS
from scheduler.models.api import ReminderCreate, ReminderPage, ReminderResponse
from scheduler.models.reminder import Armed, Reminder, ReminderStatus, shard_of, trigger_time
from scheduler.models.task import KnownTask, TaskState
from scheduler.paging import after_reminder, position_of
from scheduler.repository.reminders import ReminderRepository
from scheduler.repository.tasks import TaskRepository
from todo_shared.errors import ConflictError, InvalidError, NotFoundError
from todo_shared.ids import derived, uuid7


class Reminding:
    """Sets, shows and cancels the reminders of one user at a time."""

    def __init__(
        self,
        reminders: ReminderRepository,
        tasks: TaskRepository,
        task_service: TaskService,
        clock: DatabaseClock,
        journal: Journal,
    ) -> None:
        self._reminders = reminders
        self._tasks = tasks
        self._task_service = task_service
        self._clock = clock
        self._journal = journal

    async def set(
        self, user_id: str, wanted: ReminderCreate, key: str | None
    ) -> tuple[ReminderResponse, bool]:
        """The new reminder, and whether it was made now; the same `key` gives the same one again.

        Raises NotFoundError for a task that the user does not have, ConflictError for one that is
        done, InvalidError for an offset without a due date or a key used with another body, and
        UnavailableError.
        """
        task = await self._task(user_id, wanted.task_id)
        reminder = self._reminder(user_id, wanted, task, key)
        stored, present = await self._reminders.add(reminder, task)
        if stored:
            REMINDERS.labels("stored").inc()
            armed = Armed(reminder.id, shard_of(user_id), reminder.trigger_time)
            self._journal.reminder_stored(armed, reminder.task_id)
            return ReminderResponse.of(reminder), True
        found = await self._reminders.get(user_id, reminder.id) if key else None
        if found is not None:
            if _asked(found) != _asked(reminder):
                raise InvalidError("this Idempotency-Key was used before with another body")
            return ReminderResponse.of(found), False
        if present.state is TaskState.DELETED:
            raise NotFoundError("task not found")
        raise ConflictError("the task is done")

    async def get(self, user_id: str, reminder_id: str) -> ReminderResponse:
        """A reminder of the user; raises NotFoundError."""
        return ReminderResponse.of(await self._existing(user_id, reminder_id))

    async def page(
        self, user_id: str, task_id: str | None, after: str | None, limit: int
    ) -> ReminderPage:
        """Up to `limit` reminders, earliest first; raises InvalidError for a foreign `after`."""
        position = position_of(after) if after else None
        found = await self._reminders.page(user_id, task_id, position, limit + 1)
        more = after_reminder(found[limit - 1]) if len(found) > limit else None
        return ReminderPage(items=[ReminderResponse.of(each) for each in found[:limit]], next=more)

    async def cancel(self, user_id: str, reminder_id: str) -> None:
        """End a reminder; a canceled one stays so. Raises NotFoundError, ConflictError."""
        reminder = await self._existing(user_id, reminder_id)
        canceled = await self._reminders.cancel(user_id, reminder.id)
        for each in canceled:
            REMINDERS.labels("canceled").inc()
            self._journal.reminder_canceled(each)
        if not canceled:
            reminder = await self._existing(user_id, reminder_id)
            if reminder.status is ReminderStatus.TRIGGERED:
                raise ConflictError("the reminder was triggered already")

    async def _existing(self, user_id: str, reminder_id: str) -> Reminder:
        try:
            found = await self._reminders.get(user_id, UUID(reminder_id))
        except ValueError:
            found = None
        if found is None:
            raise NotFoundError("reminder not found")
        return found

    async def _task(self, user_id: str, task_id: str) -> KnownTask:
        known = await self._tasks.get(user_id, task_id)
        if known is None or known.state_seq == 0:
            # Its event is still on the way: task-service knows.
            known = await self._task_service.task(user_id, task_id) or known
        if known is None or known.state is TaskState.DELETED:
            raise NotFoundError("task not found")
        return known

    def _reminder(
        self, user_id: str, wanted: ReminderCreate, task: KnownTask, key: str | None
    ) -> Reminder:
        return Reminder(
            id=derived("reminder-of-user", user_id, key) if key else uuid7(),
            task_id=wanted.task_id,
            user_id=user_id,
            channel=wanted.channel,
            offset_minutes=wanted.offset_minutes,
            automatic=False,
            trigger_time=_time_of(wanted, task),
            status=ReminderStatus.PENDING,
            created_at=self._clock.now(),
        )


def _time_of(wanted: ReminderCreate, task: KnownTask) -> datetime:
    if wanted.remind_at is not None:
        return wanted.remind_at
    if task.due_date is None:
        raise InvalidError("the task has no due date; give remind_at")
    return trigger_time(task.due_date, wanted.offset_minutes or 0)


def _asked(reminder: Reminder) -> tuple[object, ...]:
    moving = reminder.offset_minutes is not None
    moment = None if moving else reminder.trigger_time
    return reminder.task_id, reminder.channel, reminder.offset_minutes, moment
