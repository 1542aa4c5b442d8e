"""A message from an event: what all of them have in common."""

from notifications.models.delivery import Message
from notifications.models.recipient import Channel
from todo_shared.events.envelope import D, ReceivedEvent


def message(
    event: ReceivedEvent[D],
    *,
    subject: str,
    body: str,
    task_id: str = "",
    channel: str = Channel.EMAIL,
    reminder_id: str | None = None,
) -> Message:
    """What `event` makes us tell its user."""
    return Message(
        event_id=event.id,
        task_id=task_id,
        user_id=event.data.user_id,
        channel=channel,
        subject=subject,
        body=body,
        seq=event.seq,
        trace_id=event.trace_id,
        event_time=event.time,
        traceparent=event.traceparent,
        correlation_id=event.correlation_id,
        reminder_id=reminder_id,
    )
