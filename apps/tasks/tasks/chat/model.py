"""Whoever turns words into a tool call. A model only chooses; it never runs anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from tasks.chat.understanding import Question, Understanding


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was said, and what was answered."""

    said: str
    reply: str


@dataclass(frozen=True, slots=True)
class Message:
    """What is said now, and what a model may know to understand it."""

    text: str
    now: datetime
    zone: ZoneInfo
    history: Sequence[Exchange] = ()
    asked: Question | None = None


class ChatModel(Protocol):
    """Understands messages."""

    async def understand(self, message: Message) -> Understanding:
        """A tool call or a question; raises UnavailableError."""
        ...
