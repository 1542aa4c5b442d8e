"""A conversation as it is stored: what was said, what was answered, what was asked."""

from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from tasks.chat.model import Exchange
from tasks.chat.understanding import Choice, Missing, Question, given, tool_call
from todo_shared.models.chat import ChatResponse

_KEPT: Final = 40


class Stored(BaseModel):
    """Base of what is stored. A newer version of the service may have added fields."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class StoredChoice(Stored):
    """A choice, with the call that it leads to."""

    label: str
    tool: str | None = None
    arguments: dict[str, JsonValue] = Field(default_factory=dict)


class StoredQuestion(Stored):
    """A question that waits for its answer."""

    missing: Missing
    text: str
    choices: tuple[StoredChoice, ...] = ()
    resume: str = ""

    @classmethod
    def of(cls, question: Question) -> "StoredQuestion":
        """How `question` is stored."""
        choices = tuple(
            StoredChoice(
                label=choice.label,
                tool=choice.call.tool.value if choice.call else None,
                arguments=given(choice.call.arguments) if choice.call else {},
            )
            for choice in question.choices
        )
        return cls(
            missing=question.missing, text=question.text, choices=choices, resume=question.resume
        )

    def question(self) -> Question:
        """The question as it was asked; raises ValueError for calls that are no longer known."""
        choices = tuple(
            Choice(each.label, tool_call(each.tool, each.arguments) if each.tool else None)
            for each in self.choices
        )
        return Question(self.missing, self.text, choices, self.resume)


class Turn(Stored):
    """One message; without an answer as long as it is worked on, or if that was cut short."""

    key: str
    said: str
    at: AwareDatetime
    answer: ChatResponse | None = None
    asked: StoredQuestion | None = None


class History(Stored):
    """All that is known of a conversation, oldest first."""

    version: Literal[1] = 1
    zone: Annotated[str, Field(max_length=64)] = ""
    turns: tuple[Turn, ...] = ()

    def turn(self, key: str) -> Turn | None:
        """The turn with this key."""
        return next((turn for turn in self.turns if turn.key == key), None)

    def before(self, key: str) -> tuple[Turn, ...]:
        """The turns before the one with this key, or all of them."""
        known = [turn.key for turn in self.turns]
        return self.turns[: known.index(key)] if key in known else self.turns

    def with_turn(self, turn: Turn, zone: str) -> "History":
        """With `turn` in the place of the one with its key, or at the end.

        Of earlier turns the results are dropped: only a repeat of the last message needs them.
        """
        if self.turn(turn.key) is not None:
            turns = tuple(turn if each.key == turn.key else each for each in self.turns)
        else:
            turns = (*(_without_results(each) for each in self.turns), turn)
        return self.model_copy(update={"turns": turns[-_KEPT:], "zone": zone})


def exchanges(turns: tuple[Turn, ...]) -> tuple[Exchange, ...]:
    """The words of the turns."""
    return tuple(Exchange(turn.said, turn.answer.reply) for turn in turns if turn.answer)


def _without_results(turn: Turn) -> Turn:
    if turn.answer is None or not turn.answer.actions:
        return turn
    actions = tuple(each.model_copy(update={"result": None}) for each in turn.answer.actions)
    answer = turn.answer.model_copy(update={"actions": actions})
    return turn.model_copy(update={"answer": answer})
