"""The route by which the scheduler finds what is due, of all users."""

from typing import Annotated, Final

from fastapi import APIRouter, Query

from tasks.handlers.scheduler_only import Scheduler
from tasks.handlers.task_crud import Lifecycle
from todo_shared.models import DueQuery, TaskPage

ROUTES: Final = APIRouter(tags=["internal"])


@ROUTES.get("/tasks/due")
async def list_due_tasks(
    _: Scheduler, lifecycle: Lifecycle, wanted: Annotated[DueQuery, Query()]
) -> TaskPage:
    """List the pending tasks of all users due before a moment, the earliest first."""
    return await lifecycle.due(wanted)
