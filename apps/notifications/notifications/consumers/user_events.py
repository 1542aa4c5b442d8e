"""A new user is welcomed."""

from collections.abc import Sequence

from notifications.consumers.composing import message
from notifications.models.delivery import Message
from notifications.repository.recording import EventEffects
from todo_shared.consumer import EventConsumer
from todo_shared.events.envelope import ReceivedEvent
from todo_shared.events.payloads import UserRegistered


def compose_welcome(event: ReceivedEvent[UserRegistered]) -> Message:
    """The first message a user gets."""
    return message(
        event,
        subject="Welcome",
        body="Your account is ready. Create a task with a due date, and you will be reminded.",
    )


def user_registered_consumer(effects: EventEffects) -> EventConsumer[UserRegistered]:
    """The consumer of `user.registered`: one delivery an event."""

    async def effect(events: Sequence[ReceivedEvent[UserRegistered]]) -> int:
        return await effects.deliver_once(events, compose_welcome)

    return EventConsumer(UserRegistered, effect)
