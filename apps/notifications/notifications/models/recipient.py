"""Where the messages of a user go."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from todo_shared.errors import InvalidError
from todo_shared.models import RecipientResponse

DEFAULT_DOMAIN: Final = "users.todo.local"


class Channel(StrEnum):
    """The ways a message can take."""

    EMAIL = "email"
    SMS = "sms"
    WEBHOOK = "webhook"
    PUSH = "push"


# Addresses become header values on their way out: printable ASCII without blanks in all of them.
_ADDRESSES: Final[dict[Channel, tuple[re.Pattern[str], str]]] = {
    Channel.EMAIL: (
        re.compile(r"[\x21-\x3f\x41-\x7e]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"),
        "an e-mail address such as ann@example.com",
    ),
    Channel.SMS: (re.compile(r"\+[1-9][0-9]{6,14}"), "a number in E.164 such as +14155550123"),
    Channel.WEBHOOK: (re.compile(r"https://[\x21-\x7e]+"), "an https:// address"),
    Channel.PUSH: (re.compile(r"[\x21-\x7e]+"), "a device token without blanks"),
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a user wants the messages of a channel: `address` None stands for the default."""

    user_id: str
    channel: Channel
    address: str | None = None
    enabled: bool = True

    @property
    def target(self) -> str | None:
        """Where to send: the address, else the channel's default, else nowhere."""
        return self.address or default_address(self.user_id, self.channel)

    def response(self) -> RecipientResponse:
        """The recipient as the API shows it."""
        return RecipientResponse(
            channel=self.channel,
            address=self.target,
            enabled=self.enabled,
            is_default=self.address is None,
        )


def default_address(user_id: str, channel: Channel) -> str | None:
    """Where messages go until the user says otherwise; nowhere for SMS and webhooks."""
    if channel in (Channel.EMAIL, Channel.PUSH):
        return f"{quote(user_id, safe='')}@{DEFAULT_DOMAIN}"
    return None


def checked_address(channel: Channel, address: str) -> str:
    """`address` when `channel` can use it; raises InvalidError."""
    pattern, wanted = _ADDRESSES[channel]
    if pattern.fullmatch(address) is None:
        raise InvalidError(f"address: expected {wanted}")
    return address
