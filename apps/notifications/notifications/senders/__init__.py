"""The ways a message can take to its user: each is an output binding of the sidecar."""

from collections.abc import Mapping

from notifications.models.recipient import Channel
from notifications.senders.email import EmailSender
from notifications.senders.push import PushSender
from notifications.senders.sender import Sender
from notifications.senders.sms import SmsSender
from notifications.senders.webhook import WebhookSender
from todo_shared.dapr import DaprBindings


def senders(bindings: DaprBindings) -> Mapping[Channel, Sender]:
    """The sender of each channel."""
    return {
        Channel.EMAIL: EmailSender(bindings),
        Channel.SMS: SmsSender(bindings),
        Channel.WEBHOOK: WebhookSender(bindings),
        Channel.PUSH: PushSender(bindings),
    }
