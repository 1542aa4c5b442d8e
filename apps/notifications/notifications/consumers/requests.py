"""A call that asks for a notification is treated like an event: its repeats have no effect."""

from datetime import UTC, datetime
from typing import Final

from notifications.consumers.composing import message
from notifications.models.delivery import Message
from todo_shared.events.envelope import ReceivedEvent
from todo_shared.events.payloads import TaskEventData
from todo_shared.ids import derived
from todo_shared.models import SendNotification
from todo_shared.telemetry.context import current

METHOD: Final = "send-notification"


class NotificationRequested(TaskEventData):
    """Somebody wants a user to be told of something that happened to a task."""

    event: str


def requested(body: SendNotification, user_id: str) -> ReceivedEvent[NotificationRequested]:
    """The request as an event whose id is that of every repeat of it."""
    work = current()
    return ReceivedEvent(
        id=derived(METHOD, body.task_id, body.event, user_id),
        topic=METHOD,
        source=METHOD,
        key=user_id,
        seq=0,
        time=datetime.now(UTC),
        traceparent=work.traceparent,
        correlation_id=work.correlation_id,
        data=NotificationRequested(user_id=user_id, task_id=body.task_id, event=body.event),
    )


def compose_requested(event: ReceivedEvent[NotificationRequested]) -> Message:
    """The message for what happened: `task.created` is told as "Task Created"."""
    verb = event.data.event.partition(".")[2]
    return message(
        event,
        subject=f"Task {verb.title()}",
        body=f"Task {event.data.task_id} was {verb}",
        task_id=event.data.task_id,
    )
