"""Events of tasks become messages to their users."""

from collections.abc import Sequence

from notifications.consumers.composing import message
from notifications.models.delivery import Message
from notifications.repository.recording import EventEffects
from todo_shared.consumer import EventConsumer
from todo_shared.events.envelope import ReceivedEvent
from todo_shared.events.payloads import TaskCreated


def compose_created(event: ReceivedEvent[TaskCreated]) -> Message:
    """The message that tells a user of a new task."""
    task = event.data
    due = f", due {task.due_date.isoformat()}" if task.due_date else ""
    return message(
        event,
        subject="Task Created",
        body=f"Task {task.task_id} was created: {task.title}{due}",
        task_id=task.task_id,
    )


def task_created_consumer(effects: EventEffects) -> EventConsumer[TaskCreated]:
    """The consumer of `task.created`: one delivery an event."""

    async def effect(events: Sequence[ReceivedEvent[TaskCreated]]) -> int:
        return await effects.deliver_once(events, compose_created)

    return EventConsumer(TaskCreated, effect)
