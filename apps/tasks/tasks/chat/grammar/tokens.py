"""A sentence as tokens, and a cursor that reads them."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

_TOKEN: Final = re.compile(
    r"""
      (?P<quoted> "[^"]+" | (?<!\w)'[^']+'(?!\w) )
    | (?P<number> \d+ )
    | (?P<letter> (?<=\d) [tT] (?=\d\d:) )
    | (?P<word> [^\W\d_]+ (?: ['][^\W\d_]+ )* (?: [\d_]\w* )? )
    | (?P<sign> \S )
    """,
    re.VERBOSE,
)
_MAX_DIGITS: Final = 10
# Typographic quotation marks and dashes, one sign for one sign so that places stay the same.
_PLAIN: Final = str.maketrans(
    "\u2018\u2019\u201c\u201d\u00ab\u00bb\u2013\u2014", "''" + '""""' + "--"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number, a sign or a quotation; `word` is how it is compared, '' if quoted."""

    word: str
    start: int
    end: int
    quoted: bool = False
    glued: bool = False

    @property
    def number(self) -> int | None:
        """Its value when it is written in digits; None for a word, and for more than 9 digits."""
        digits = self.word.isascii() and self.word.isdigit() and len(self.word) < _MAX_DIGITS
        return int(self.word) if digits else None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text with its tokens."""

    text: str
    tokens: tuple[Token, ...]

    def slice(self, first: int, last: int) -> str:
        """The text of the tokens from `first` up to, not including, `last`, as it was written."""
        if first >= last:
            return ""
        return self.text[self.tokens[first].start : self.tokens[last - 1].end]

    def part(self, first: int, last: int) -> "Sentence":
        """Only these tokens."""
        return Sentence(self.text, self.tokens[first:last])

    @property
    def words(self) -> str:
        """The compared words, joined by spaces."""
        return " ".join(token.word for token in self.tokens)


def read(text: str) -> Sentence:
    """The tokens of `text`. Digits and the letters behind them are two tokens: 9am, 3rd."""
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text.translate(_PLAIN)):
        quoted = match.lastgroup == "quoted"
        word = "" if quoted else match[0].lower()
        glued = bool(tokens) and tokens[-1].end == match.start()
        tokens.append(Token(word, match.start(), match.end(), quoted, glued))
    return Sentence(text, tuple(tokens))


@cache
def _words(phrase: str) -> tuple[str, ...]:
    return tuple(phrase.split())


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two tokens. Reading gives a new cursor and leaves this one."""

    sentence: Sentence
    at: int = 0

    @property
    def token(self) -> Token | None:
        """The next token, None at the end."""
        return self.sentence.tokens[self.at] if self.at < len(self.sentence.tokens) else None

    @property
    def word(self) -> str:
        """The next word, '' at the end and before a quotation."""
        return self.token.word if self.token else ""

    @property
    def number(self) -> int | None:
        """The next token's value when it is written in digits."""
        return self.token.number if self.token else None

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.sentence.tokens)

    def on(self, count: int = 1) -> "Cursor":
        """Behind `count` tokens."""
        return Cursor(self.sentence, self.at + count)

    def take(self, *phrases: str) -> "Cursor | None":
        """Behind the first of `phrases` that comes next; longer ones must stand first."""
        tokens, at, first = self.sentence.tokens, self.at, self.word
        for phrase in phrases:
            several = _words(phrase)
            if several[0] != first:
                continue
            found = tokens[at : at + len(several)]
            if tuple(token.word for token in found) == several:
                return self.on(len(several))
        return None

    def skip(self, *phrases: str) -> "Cursor":
        """Behind one of `phrases` if it comes next, else here."""
        return self.take(*phrases) or self

    def rest(self) -> str:
        """What is left, as it was written."""
        return self.sentence.slice(self.at, len(self.sentence.tokens))
