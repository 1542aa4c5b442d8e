"""The messages that the sink keeps: the last ones in memory, all of them in a file if wanted."""

import logging
from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from notifications.models.recipient import Channel
from notifications.sink.models import Accepted, KeptMessage

_log = logging.getLogger(__name__)
KEPT: Final = 10_000


class Mailbox:
    """Messages by channel and idempotency key; a repeat is counted, not kept again.

    `path` gets one JSON line a message, and is read back at start: a restart forgets no key. Keys
    of messages that are no longer among the last `kept` are forgotten.
    """

    def __init__(self, path: Path | None = None, kept: int = KEPT) -> None:
        self._path = path
        self._kept = kept
        self._messages: OrderedDict[tuple[Channel, str], KeptMessage] = OrderedDict()
        self._last = 0
        if path is not None:
            self._read_back(path)

    def add(self, message: KeptMessage) -> Accepted:
        """Keep `message` under the next number, unless its key is known."""
        place = (message.channel, message.key)
        known = self._messages.get(place)
        if known is not None:
            # Assigning keeps the place in the order.
            self._messages[place] = known.model_copy(update={"repeats": known.repeats + 1})
            return Accepted(number=known.number, repeated=True)
        numbered = message.model_copy(update={"number": self._last + 1})
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(numbered.model_dump_json() + "\n")
        self._keep(numbered)
        return Accepted(number=numbered.number, repeated=False)

    def find(
        self, user_id: str | None, channel: Channel | None, after: int, limit: int
    ) -> list[KeptMessage]:
        """Messages above the number `after`, of one user or channel if named, oldest first."""
        return list(islice(self._matching(user_id, channel, after), limit))

    def clear(self) -> int:
        """Forget all messages, in the file, too; returns how many there were. Numbers go on."""
        count = len(self._messages)
        self._messages.clear()
        if self._path is not None:
            self._path.write_text("")
        return count

    def _matching(
        self, user_id: str | None, channel: Channel | None, after: int
    ) -> Iterator[KeptMessage]:
        for message in self._messages.values():
            if (
                message.number > after
                and user_id in (None, message.user_id)
                and channel in (None, message.channel)
            ):
                yield message

    def _keep(self, message: KeptMessage) -> None:
        self._last = max(self._last, message.number)
        self._messages[(message.channel, message.key)] = message
        while len(self._messages) > self._kept:
            self._messages.popitem(last=False)

    def _read_back(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            return
        text = path.read_text(encoding="utf-8")
        for line in text.splitlines():
            try:
                self._keep(KeptMessage.model_validate_json(line))
            except ValidationError:
                _log.warning("a line of %s is unreadable and was passed over", path)
        if text and not text.endswith("\n"):
            # The last line was cut off by a crash: the next one must not be joined to it.
            with path.open("a", encoding="utf-8") as file:
                file.write("\n")
