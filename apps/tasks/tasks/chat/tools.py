"""The nine tools: the only way in which a conversation can reach the task list."""

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from todo_shared.models import ApiModel, Description, TaskStatus, Title
from todo_shared.models.base import Moment, SearchText
from todo_shared.models.recurring_tasks import LocalDateTime, Rule, ZoneName
from todo_shared.recurrence import Recurrence, detect_kind

TaskReference = Annotated[
    SearchText,
    Field(description="Id of one task, or words of its title that no other task has"),
]


class ToolName(StrEnum):
    """What a conversation can do."""

    ADD_TASK = "add_task"
    LIST_TASKS = "list_tasks"
    UPDATE_TASK = "update_task"
    COMPLETE_TASK = "complete_task"
    DELETE_TASK = "delete_task"
    CREATE_RECURRING_TASK = "create_recurring_task"
    LIST_RECURRING_TASKS = "list_recurring_tasks"
    SET_REMINDER = "set_reminder"
    CANCEL_REMINDER = "cancel_reminder"


class ToolArguments(ApiModel):
    """Base of the arguments. None of them says who is asking: the caller is known elsewhere."""


class AddTask(ToolArguments):
    """Add one task; a reminder comes at `due_date`."""

    title: Title
    description: Description | None = None
    due_date: Moment | None = None


class ListTasks(ToolArguments):
    """Show tasks: all of them, or those that match every filter given."""

    status: TaskStatus | None = None
    due_after: Moment | None = None
    due_before: Moment | None = None
    query: SearchText | None = None


class UpdateTask(ToolArguments):
    """Change what is given of one task and leave the rest."""

    task: TaskReference
    title: Title | None = None
    description: Description | None = None
    due_date: Moment | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.title is None and self.description is None and self.due_date is None:
            raise ValueError("say what to change: title, description or due_date")
        return self


class CompleteTask(ToolArguments):
    """Mark one task as done."""

    task: TaskReference


class DeleteTask(ToolArguments):
    """Remove one task. Ask the user before calling it."""

    task: TaskReference


class CreateRecurringTask(ToolArguments):
    """Add a task that comes again, by RRULE or cron, from a local time in a zone on."""

    title: Title
    rule: Rule
    starts_at: LocalDateTime
    zone: ZoneName
    description: Description | None = None

    @model_validator(mode="after")
    def _happens(self) -> Self:
        self.recurrence()
        return self

    def recurrence(self) -> Recurrence:
        """The rule as it is understood; raises RecurrenceError."""
        return Recurrence.parse(self.rule, detect_kind(self.rule), self.zone, self.starts_at)


class ListRecurringTasks(ToolArguments):
    """Show the tasks that come again."""

    query: SearchText | None = None


class SetReminder(ToolArguments):
    """Remind of one task: at a moment, or some minutes before it is due."""

    task: TaskReference
    remind_at: Moment | None = None
    minutes_before: Annotated[int, Field(gt=0, le=60 * 24 * 365)] | None = None

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if (self.remind_at is None) == (self.minutes_before is None):
            raise ValueError("give remind_at or minutes_before, one of them")
        return self


class CancelReminder(ToolArguments):
    """Send no reminder of one task any more; the task stays."""

    task: TaskReference


ARGUMENTS: Final[dict[ToolName, type[ToolArguments]]] = {
    ToolName.ADD_TASK: AddTask,
    ToolName.LIST_TASKS: ListTasks,
    ToolName.UPDATE_TASK: UpdateTask,
    ToolName.COMPLETE_TASK: CompleteTask,
    ToolName.DELETE_TASK: DeleteTask,
    ToolName.CREATE_RECURRING_TASK: CreateRecurringTask,
    ToolName.LIST_RECURRING_TASKS: ListRecurringTasks,
    ToolName.SET_REMINDER: SetReminder,
    ToolName.CANCEL_REMINDER: CancelReminder,
}
TOOL_OF: Final = {arguments: name for name, arguments in ARGUMENTS.items()}
READ_ONLY: Final = frozenset({ToolName.LIST_TASKS, ToolName.LIST_RECURRING_TASKS})
# What cannot be taken back is done only after the user said yes.
CONFIRMED: Final = frozenset({ToolName.DELETE_TASK})
