"""Reminders become messages, unless they are canceled; the two events may come in any order."""

from collections.abc import Sequence

from notifications.consumers.composing import message
from notifications.models.delivery import Message
from notifications.repository.recording import EventEffects
from todo_shared.consumer import EventConsumer
from todo_shared.events.envelope import ReceivedEvent
from todo_shared.events.payloads import ReminderCanceled, ReminderTriggered


def compose_reminder(event: ReceivedEvent[ReminderTriggered]) -> Message:
    """The message that reminds a user of a task, on the channel that the reminder names."""
    reminder = event.data
    title = f": {reminder.title}" if reminder.title else ""
    return message(
        event,
        subject="Task Reminder",
        body=f"Reminder of task {reminder.task_id}{title} "
        f"(asked for {reminder.trigger_time.isoformat()})",
        task_id=reminder.task_id,
        channel=reminder.notification_channel,
        reminder_id=reminder.reminder_id,
    )


def reminder_triggered_consumer(effects: EventEffects) -> EventConsumer[ReminderTriggered]:
    """The consumer of `reminder.triggered`: one delivery an event."""

    async def effect(events: Sequence[ReceivedEvent[ReminderTriggered]]) -> int:
        return await effects.deliver_once(events, compose_reminder)

    return EventConsumer(ReminderTriggered, effect)


def reminder_canceled_consumer(effects: EventEffects) -> EventConsumer[ReminderCanceled]:
    """The consumer of `reminder.canceled`: what is not sent yet is withdrawn."""
    return EventConsumer(ReminderCanceled, effects.withdraw_once)
