"""The words of an answer. What was understood is always repeated, so that a mistake is seen."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from tasks.chat.executor import ToolResult
from tasks.chat.grammar.present import in_words
from tasks.chat.tools import (
    AddTask,
    CompleteTask,
    CreateRecurringTask,
    DeleteTask,
    ListRecurringTasks,
    ListTasks,
    SetReminder,
    ToolArguments,
    UpdateTask,
)
from tasks.chat.understanding import Question, ToolCall
from todo_shared.recurrence import describe

_SHOWN: Final = 10
_PLAIN_CHOICES: Final = ("Yes", "No")


def asked(question: Question) -> str:
    """A question with its choices, numbered."""
    labels = [choice.label for choice in question.choices]
    if not labels or set(labels) <= set(_PLAIN_CHOICES):
        return question.text
    numbered = (f"{number}. {label}" for number, label in enumerate(labels, start=1))
    return "\n".join((question.text, *numbered))


def told(
    call: ToolCall, result: ToolResult, zone: ZoneInfo, coming: Sequence[datetime] = ()
) -> str:
    """What was done, with the dates on the clocks of `zone`."""
    title = _title(call.arguments, result)
    match call.arguments:
        case AddTask() as added:
            due = f", due {in_words(added.due_date.astimezone(zone))}" if added.due_date else ""
            text = f'Added "{title}"{due}.'
        case CreateRecurringTask() as made:
            dates = "; ".join(in_words(each) for each in coming)
            text = f'Added "{title}": {describe(made.recurrence())}. Next: {dates or "never"}.'
        case ListTasks() | ListRecurringTasks():
            text = _listed(result, zone)
        case UpdateTask() as changed:
            text = f'Changed "{title}"{_changes(changed, zone)}.'
        case CompleteTask():
            text = f'"{title}" is done.'
        case DeleteTask():
            text = f'Deleted "{title}".'
        case SetReminder() as reminder:
            text = f'I will remind you of "{title}" {_moment(reminder, zone)}.'
        case _:
            text = f'No reminder of "{title}" any more.'
    return text


def _title(arguments: ToolArguments, result: ToolResult) -> str:
    first = result.items[0].get("title") if result.items else None
    return str(first or getattr(arguments, "title", None) or getattr(arguments, "task", ""))


def _changes(changed: UpdateTask, zone: ZoneInfo) -> str:
    parts: list[str] = []
    if changed.due_date is not None:
        parts.append(f"due {in_words(changed.due_date.astimezone(zone))}")
    if changed.description is not None:
        parts.append(f'note "{changed.description}"')
    return f": {', '.join(parts)}" if parts else ""


def _moment(reminder: SetReminder, zone: ZoneInfo) -> str:
    if reminder.remind_at is not None:
        return f"on {in_words(reminder.remind_at.astimezone(zone))}"
    return f"{reminder.minutes_before} minutes before it is due"


def _listed(result: ToolResult, zone: ZoneInfo) -> str:
    if not result.items:
        return "There is nothing like that on your list."
    lines = [_line(item, zone) for item in result.items[:_SHOWN]]
    if len(result.items) > _SHOWN or result.more:
        lines.append("and more")
    return "\n".join(lines)


def _line(item: dict[str, Any], zone: ZoneInfo) -> str:
    text = f"- {item.get('title', '')}"
    due = item.get("due_date")
    if isinstance(due, str):
        text += f", due {in_words(datetime.fromisoformat(due).astimezone(zone))}"
    if item.get("status") == "completed":
        text += " (done)"
    schedule = item.get("schedule")
    return f"{text}: {schedule}" if isinstance(schedule, str) else text
