"""What a sentence was understood to be: one tool call, or a question back."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tasks.chat.tools import ARGUMENTS, READ_ONLY, TOOL_OF, ToolArguments, ToolName


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One tool with the arguments it is to be called with."""

    arguments: ToolArguments

    @property
    def tool(self) -> ToolName:
        """Which tool."""
        return TOOL_OF[type(self.arguments)]

    @property
    def changes_data(self) -> bool:
        """Whether running it can change anything."""
        return self.tool not in READ_ONLY

    def document(self) -> dict[str, Any]:
        """The call as JSON: `tool` and the arguments that were given."""
        return {"tool": self.tool.value, "arguments": given(self.arguments)}


def given(arguments: ToolArguments) -> dict[str, Any]:
    """The arguments that have a value, as JSON."""
    return arguments.model_dump(mode="json", exclude_none=True)


def tool_call(tool: str, arguments: object) -> ToolCall:
    """The call that a name and loose arguments stand for; raises ValueError, ValidationError."""
    return ToolCall(ARGUMENTS[ToolName(tool)].model_validate(arguments))


class Missing(StrEnum):
    """What a question is about."""

    INTENT = "intent"
    ONE_REQUEST = "one_request"
    TITLE = "title"
    TASK = "task"
    DATE = "date"
    TIME = "time"
    SCHEDULE = "schedule"
    MEANING = "meaning"
    CONFIRMATION = "confirmation"
    SUPPORT = "support"


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a question; `call` is what it leads to, None when it leads to nothing."""

    label: str
    call: ToolCall | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Asked instead of acting. `resume` and the user's answer behind it make a new sentence; it is
    '' when only a choice, or a whole new sentence, goes on.
    """

    missing: Missing
    text: str
    choices: tuple[Choice, ...] = ()
    resume: str = ""


@dataclass(frozen=True, slots=True)
class Understanding:
    """Exactly one of `call` and `ask`."""

    call: ToolCall | None = None
    ask: Question | None = None

    def __post_init__(self) -> None:
        if (self.call is None) == (self.ask is None):
            raise ValueError("an understanding is a call or a question")


def act(arguments: ToolArguments) -> Understanding:
    """Understood: call this."""
    return Understanding(call=ToolCall(arguments))


def ask(missing: Missing, text: str, *choices: Choice, resume: str = "") -> Understanding:
    """Not understood well enough: ask this."""
    return Understanding(ask=Question(missing, text, choices, resume))
