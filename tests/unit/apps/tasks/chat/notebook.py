"""The nine tools over a dictionary: small, but every call has its effect and can be seen."""

from dataclasses import dataclass, field
from typing import Any

from tasks.chat.executor import Candidate, ToolExecutor, ToolResult
from tasks.chat.matching import match_task
from tasks.chat.tools import (
    AddTask,
    CreateRecurringTask,
    DeleteTask,
    ListRecurringTasks,
    ListTasks,
    ToolName,
)
from tasks.chat.understanding import ToolCall, given
from todo_shared.errors import UnavailableError


@dataclass
class Notebook:
    """The tasks of all users; `away` makes every call fail as a lost database would."""

    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    done_before: dict[str, ToolResult] = field(default_factory=dict)
    away: bool = False

    def of(self, user_id: str) -> ToolExecutor:
        """The tools of one user."""
        return _Page(self, user_id)

    def titles(self, user_id: str) -> list[str]:
        """What a user has."""
        return [task["title"] for task in self.tasks.values() if task["user_id"] == user_id]


@dataclass
class _Page:
    notebook: Notebook
    user_id: str

    async def run(self, call: ToolCall, key: str) -> ToolResult:
        if self.notebook.away:
            raise UnavailableError("the database does not answer")
        known = f"{self.user_id}:{key}:{call.tool}"
        if known not in self.notebook.done_before:
            self.notebook.calls.append((self.user_id, call.tool.value))
            self.notebook.done_before[known] = self._run(call)
        return self.notebook.done_before[known]

    def _run(self, call: ToolCall) -> ToolResult:
        match call.arguments:
            case ListTasks() | ListRecurringTasks():
                recurring = call.tool is ToolName.LIST_RECURRING_TASKS
                own = [task for task in self._own() if ("rule" in task) == recurring]
                return ToolResult(items=tuple(own))
            case AddTask() | CreateRecurringTask():
                number = str(len(self.notebook.tasks) + 1)
                task = {"id": number, "user_id": self.user_id, "status": "pending"}
                self.notebook.tasks[number] = task | given(call.arguments)
                return ToolResult(items=(self.notebook.tasks[number],))
            case _:
                return self._changed(call)

    def _changed(self, call: ToolCall) -> ToolResult:
        wanted = given(call.arguments)
        known = [Candidate(id=task["id"], title=task["title"]) for task in self._own()]
        found = match_task(wanted.pop("task"), known)
        if isinstance(call.arguments, DeleteTask):
            return ToolResult(items=(self.notebook.tasks.pop(found.id),))
        if call.tool is ToolName.COMPLETE_TASK:
            wanted = {"status": "completed"}
        self.notebook.tasks[found.id] |= wanted
        return ToolResult(items=(self.notebook.tasks[found.id],))

    def _own(self) -> list[dict[str, Any]]:
        return [task for task in self.notebook.tasks.values() if task["user_id"] == self.user_id]
