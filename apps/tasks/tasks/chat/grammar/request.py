"""One request on its way through the readers."""

from dataclasses import dataclass

from tasks.chat.grammar.present import Present
from tasks.chat.grammar.tokens import Cursor, Sentence
from tasks.chat.grammar.when import NOTHING_SAID, When
from tasks.chat.understanding import Understanding


@dataclass(frozen=True, slots=True)
class Request:
    """A sentence without its courtesies. `said` is a phrase of time that stood before it."""

    sentence: Sentence
    here: Present
    said: When = NOTHING_SAID
    first: int = 0

    @property
    def cursor(self) -> Cursor:
        """Where the command begins."""
        return Cursor(self.sentence, self.first)

    @property
    def text(self) -> str:
        """The request as it was written, from its first word on."""
        return self.sentence.slice(0, len(self.sentence.tokens))

    def before(self, at: int) -> str:
        """The request as it was written, up to the token `at`."""
        return self.sentence.slice(0, at)


Answer = Understanding | None
