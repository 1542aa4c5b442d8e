"""Running a chosen tool: one protocol, whoever chose the call."""

from collections.abc import Callable, Sequence
from typing import Protocol

from pydantic import JsonValue

from tasks.chat.understanding import ToolCall
from todo_shared.errors import ConflictError
from todo_shared.models import ApiModel


class ToolResult(ApiModel):
    """What a tool made, changed or found, as the API shows it; `more` when a list goes on."""

    items: tuple[dict[str, JsonValue], ...] = ()
    more: bool = False


class Candidate(ApiModel):
    """A task that a reference may mean."""

    id: str
    title: str


class AmbiguousTaskError(ConflictError):
    """Several tasks are meant by the same words; nothing was changed."""

    code = "ambiguous_task"

    def __init__(self, message: str, candidates: Sequence[Candidate]) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)


class ToolExecutor(Protocol):
    """The tools of one user."""

    async def run(self, call: ToolCall, key: str) -> ToolResult:
        """Do what `call` says. A call that is repeated with its `key` is not done again.

        Raises ServiceError: NotFoundError and AmbiguousTaskError for a task that is not there or
        not clear, ConflictError, InvalidError, and UnavailableError.
        """
        ...


ExecutorFactory = Callable[[str], ToolExecutor]
"""Gives the tools of the user with this id."""
