"""Events of tasks become messages to their users."""

from collections.abc import Sequence

from notifications.models.delivery import Message
from notifications.repository import DeliveryRepository
from notifications.senders.sink import SINK
from todo_shared.consumer import EventConsumer
from todo_shared.events.envelope import ReceivedEvent
from todo_shared.events.payloads import TaskCreated
from todo_shared.telemetry.business import NOTIFICATIONS_SENT


def compose_created(event: ReceivedEvent[TaskCreated]) -> Message:
    """The message that tells a user of a new task."""
    task = event.data
    due = f", due {task.due_date.isoformat()}" if task.due_date else ""
    return Message(
        event_id=event.id,
        task_id=task.task_id,
        user_id=task.user_id,
        subject="Task Created",
        body=f"Task {task.task_id} was created: {task.title}{due}",
        seq=event.seq,
        trace_id=event.trace_id,
        event_time=event.time,
    )


def task_created_consumer(repository: DeliveryRepository) -> EventConsumer[TaskCreated]:
    """The consumer of `task.created`: one delivery an event."""

    async def effect(events: Sequence[ReceivedEvent[TaskCreated]]) -> int:
        fresh = await repository.deliver_once(events, compose_created, SINK)
        NOTIFICATIONS_SENT.labels(SINK.channel).inc(fresh)
        return fresh

    return EventConsumer(TaskCreated, effect)
