"""One dead letter: an event as it was received, and where it lies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final, cast

from pydantic_core import from_json

SUFFIX: Final = ".dlq"


@dataclass(frozen=True)
class DeadLetter:
    """A message of `<topic>.dlq`; `topic` is the declared name, where the event belongs."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    arrived: datetime
    replayed: bool

    @property
    def position(self) -> str:
        """What names the letter even when it is no event: topic/partition/offset."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @cached_property
    def event(self) -> Mapping[str, Any] | None:
        """The message as a JSON object; None when it is something else."""
        try:
            found: Any = from_json(self.value or b"")
        except ValueError:
            return None
        return cast(Mapping[str, Any], found) if isinstance(found, dict) else None

    @property
    def event_id(self) -> str | None:
        """The id that the event carries."""
        return self._attribute("id")

    @property
    def user(self) -> str | None:
        """Whose event it is: what it says itself, else the key of the message."""
        key = self.key.decode(errors="replace") if self.key else None
        return self._attribute("partitionkey") or key

    @property
    def failure(self) -> dict[str, str]:
        """The headers, which whoever gave up on the event has added to it."""
        return {name: (value or b"").decode(errors="replace") for name, value in self.headers}

    def answers_to(self, name: str) -> bool:
        """Whether `name` is the id of the event or the position of the letter."""
        return name in (self.event_id, self.position)

    def _attribute(self, name: str) -> str | None:
        value = self.event.get(name) if self.event else None
        return value if isinstance(value, str) else None
