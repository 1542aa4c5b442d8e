"""The route that has a user told about a task."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request

from tasks.handlers.task_crud import TaskId
from tasks.notifying import TaskNotifier
from todo_shared.identity import Caller
from todo_shared.models import NotifyResponse

ROUTES: Final = APIRouter(tags=["tasks"])


async def _notifier(request: Request) -> TaskNotifier:
    return request.app.state.notifier


Notifier = Annotated[TaskNotifier, Depends(_notifier)]


@ROUTES.post("/tasks/{task_id}/notify")
async def notify_task(task_id: TaskId, user: Caller, notifier: Notifier) -> NotifyResponse:
    """Send the caller a notification about a task."""
    return await notifier.notify(user, task_id)
