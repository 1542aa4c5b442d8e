"""The tools as the service does them: over its own use cases, and the scheduler's reminders."""

from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel

from tasks.chat.executor import Candidate, ExecutorFactory, ToolExecutor, ToolResult
from tasks.chat.matching import match_task, words_of
from tasks.chat.reminders import Reminders
from tasks.chat.tools import (
    AddTask,
    CancelReminder,
    CompleteTask,
    CreateRecurringTask,
    DeleteTask,
    ListRecurringTasks,
    ListTasks,
    SetReminder,
    UpdateTask,
)
from tasks.chat.understanding import ToolCall, given
from tasks.lifecycle import TaskLifecycle
from tasks.recurring import RecurringTasks
from todo_shared.errors import InvalidError, NotFoundError
from todo_shared.models import (
    RecurringTaskCreate,
    RecurringTaskQuery,
    TaskCreate,
    TaskQuery,
    TaskResponse,
    TaskSort,
    TaskStatus,
    TaskUpdate,
)
from todo_shared.telemetry.business import TASK_COMPLETION, TASKS_CREATED

_SHOWN: Final = 50
_PAGE: Final = 100
_PAGES: Final = 5


class ServiceTools:
    """ToolExecutor of one user."""

    def __init__(
        self,
        user_id: str,
        lifecycle: TaskLifecycle,
        recurring: RecurringTasks,
        reminders: Reminders,
    ) -> None:
        self._user = user_id
        self._lifecycle = lifecycle
        self._recurring = recurring
        self._reminders = reminders

    async def run(self, call: ToolCall, key: str) -> ToolResult:
        """See ToolExecutor."""
        match call.arguments:
            case AddTask() as wanted:
                result = await self._add(wanted, key)
            case ListTasks() as wanted:
                result = await self._list(wanted)
            case CreateRecurringTask() as wanted:
                result = await self._add_recurring(wanted, key)
            case ListRecurringTasks() as wanted:
                query = RecurringTaskQuery(q=wanted.query, limit=_SHOWN)
                page = await self._recurring.page(self._user, query)
                result = ToolResult(items=_shown(*page.items), more=page.next is not None)
            case _:
                result = await self._to_one(call, key)
        return result

    async def _add(self, wanted: AddTask, key: str) -> ToolResult:
        body = TaskCreate.model_validate(wanted.model_dump())
        task, made = await self._lifecycle.create(self._user, body, key)
        if made:
            TASKS_CREATED.inc()
        return ToolResult(items=_shown(task))

    async def _list(self, wanted: ListTasks) -> ToolResult:
        dated = wanted.due_after is not None or wanted.due_before is not None
        query = TaskQuery(
            status=wanted.status,
            q=wanted.query,
            due_after=wanted.due_after,
            due_before=wanted.due_before,
            sort=TaskSort.DUE if dated else TaskSort.CREATED,
            limit=_SHOWN,
        )
        page = await self._lifecycle.page(self._user, query)
        return ToolResult(items=_shown(*page.items), more=page.next is not None)

    async def _add_recurring(self, wanted: CreateRecurringTask, key: str) -> ToolResult:
        body = RecurringTaskCreate(
            title=wanted.title,
            description=wanted.description,
            recurrence_rule=wanted.rule,
            time_zone=wanted.zone,
            starts_at=wanted.starts_at,
        )
        made, _ = await self._recurring.create(self._user, body, key)
        return ToolResult(items=_shown(made))

    async def _to_one(self, call: ToolCall, key: str) -> ToolResult:
        """What is done to one task that exists."""
        match call.arguments:
            case UpdateTask(task=reference) as wanted:
                task = await self._meant(reference)
                body = TaskUpdate.model_validate(_without_task(wanted))
                changed, _ = await self._lifecycle.update(self._user, task.id, body, None)
                result = ToolResult(items=_shown(changed))
            case CompleteTask(task=reference):
                task = await self._meant(reference)
                done, now = await self._lifecycle.complete(self._user, task.id)
                if now and done.completed_at is not None:
                    seconds = (done.completed_at - done.created_at).total_seconds()
                    TASK_COMPLETION.labels(done.status.value).observe(seconds)
                result = ToolResult(items=_shown(done))
            case DeleteTask(task=reference):
                task = await self._meant(reference)
                await self._lifecycle.delete(self._user, task.id)
                result = ToolResult(items=_shown(task))
            case SetReminder(task=reference) as wanted:
                task = await self._meant(reference)
                reminder = await self._reminders.set(self._user, task.id, wanted, key)
                result = ToolResult(items=({**reminder, "title": task.title},))
            case CancelReminder(task=reference):
                task = await self._meant(reference)
                ended = await self._reminders.cancel(self._user, task.id)
                result = ToolResult(items=tuple({**each, "title": task.title} for each in ended))
            case _:
                raise InvalidError(f"{call.tool} is not a tool of this service")
        return result

    async def _meant(self, reference: str) -> TaskResponse:
        """The task of a reference: among those to be done, and only then among the done ones."""
        if _is_id(reference):
            return await self._lifecycle.get(self._user, reference)
        try:
            return await self._named(reference, TaskStatus.PENDING)
        except NotFoundError:
            return await self._named(reference, None)

    async def _named(self, reference: str, status: TaskStatus | None) -> TaskResponse:
        words = words_of(reference)
        if not words:
            raise NotFoundError(f'There is no task "{reference}".')
        query = TaskQuery(status=status, q=max(words, key=len), limit=_PAGE)
        found: dict[str, TaskResponse] = {}
        for _ in range(_PAGES):
            page = await self._lifecycle.page(self._user, query)
            found |= {task.id: task for task in page.items}
            if page.next is None:
                break
            query = query.model_copy(update={"after": page.next})
        known = (Candidate(id=task.id, title=task.title) for task in found.values())
        return found[match_task(reference, known).id]


def service_tools(
    lifecycle: TaskLifecycle, recurring: RecurringTasks, reminders: Reminders
) -> ExecutorFactory:
    """The tools of each user over the use cases of the service."""

    def tools_of(user_id: str) -> ToolExecutor:
        return ServiceTools(user_id, lifecycle, recurring, reminders)

    return tools_of


def _shown(*models: BaseModel) -> tuple[dict[str, Any], ...]:
    return tuple(each.model_dump(mode="json") for each in models)


def _without_task(wanted: UpdateTask) -> dict[str, Any]:
    return {name: value for name, value in given(wanted).items() if name != "task"}


def _is_id(reference: str) -> bool:
    try:
        UUID(reference)
    except ValueError:
        return False
    return True
