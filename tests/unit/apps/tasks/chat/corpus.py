"""The phrases beside this file, and how an understanding is judged by what is expected of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field

from tasks.chat.grammar.reading import understand
from tasks.chat.tools import ARGUMENTS, ToolName
from tasks.chat.understanding import Missing, ToolCall, Understanding, tool_call

FOLDER: Final = Path(__file__).parent
_USUAL: Final = "2026-11-20T10:00 Europe/Berlin"
_MOMENTS: Final = frozenset({"due_date", "due_after", "due_before", "remind_at"})


class Phrase(BaseModel):
    """A text with one expectation: a tool call, a rule, a question, or only that it is safe."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    say: str
    at: Annotated[str, Field(pattern=r"^\S+ \S+$")] = _USUAL
    ask: Missing | None = None
    safe: bool = False
    rule: str = ""
    title: str = ""
    starts: str = ""
    add_task: dict[str, Any] | None = None
    list_tasks: dict[str, Any] | None = None
    update_task: dict[str, Any] | None = None
    complete_task: dict[str, Any] | None = None
    delete_task: dict[str, Any] | None = None
    list_recurring_tasks: dict[str, Any] | None = None
    set_reminder: dict[str, Any] | None = None
    cancel_reminder: dict[str, Any] | None = None

    @property
    def now(self) -> datetime:
        """The moment in which it is said."""
        moment, _, zone = self.at.partition(" ")
        return datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone))

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which it is said."""
        return ZoneInfo(self.at.partition(" ")[2])

    @property
    def call(self) -> ToolCall | None:
        """The call that is expected; None when none is."""
        if self.rule:
            return tool_call(
                ToolName.CREATE_RECURRING_TASK,
                {
                    "title": self.title,
                    "rule": self.rule,
                    "starts_at": self.starts,
                    "zone": self.zone.key,
                },
            )
        for name in ARGUMENTS:
            given: dict[str, Any] | None = getattr(self, name.value, None)
            if given is not None:
                return tool_call(name, {key: self._value(key, given[key]) for key in given})
        return None

    def _value(self, key: str, value: object) -> object:
        if key in _MOMENTS:
            return datetime.fromisoformat(str(value)).replace(tzinfo=self.zone)
        return value


class Verdict(StrEnum):
    """What an understanding is worth: an unsafe one would have changed the wrong thing."""

    RIGHT = "right"
    WRONG = "wrong"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True)
class Judged:
    """A phrase with what it was understood to be."""

    phrase: Phrase
    found: Understanding
    verdict: Verdict

    def __str__(self) -> str:
        found = self.found.call.document() if self.found.call else self.found.ask
        return f"{self.verdict}: {self.phrase.say!r} was understood as {found}"


def judge(phrase: Phrase) -> Judged:
    """Understand a phrase and judge it."""
    found = understand(phrase.say, phrase.now, phrase.zone)
    return Judged(phrase, found, _verdict(phrase, found))


def _verdict(phrase: Phrase, found: Understanding) -> Verdict:
    expected = phrase.call
    if found.call is not None:
        if found.call == expected or (phrase.safe and not found.call.changes_data):
            return Verdict.RIGHT
        return Verdict.UNSAFE if found.call.changes_data else Verdict.WRONG
    asked = found.ask is not None and found.ask.missing is phrase.ask
    return Verdict.RIGHT if phrase.safe or asked else Verdict.WRONG


def phrases(folder: str) -> dict[str, list[Phrase]]:
    """The phrases of each theme in `folder`."""
    return {
        path.stem: [Phrase.model_validate(entry) for entry in yaml.safe_load(path.read_text())]
        for path in sorted((FOLDER / folder).glob("*.yaml"))
    }
