"""Where a title ends and a phrase of time begins. A word is a date only where one can stand."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from tasks.chat.grammar.dates import Day
from tasks.chat.grammar.present import Present
from tasks.chat.grammar.tokens import Cursor, Sentence
from tasks.chat.grammar.vocabulary import DANGLING, NAMED_DAYS, PLURAL_WEEKDAYS, WEEKDAYS, words
from tasks.chat.grammar.when import NOTHING_SAID, When, when

# No phrase of time is longer than this many tokens.
_LONGEST: Final = 30
_LIST_TAILS: Final = tuple(
    f"{lead} {owner}{name}".split()
    for lead in ("to", "on", "onto", "in", "into")
    for owner in ("my ", "the ", "")
    for name in (
        *("list", "task list", "tasks", "todo list", "to - do list", "todos", "to - dos"),
        *("to do list", "todo"),
    )
)
_DAY_LISTS: Final = frozenset({"list", "tasks", "todos", "agenda"})
# Interior words that speak of a time too plainly to be passed over.
_PLAIN: Final = frozenset(
    {*words("today tomorrow tonight on by next this every each at in before until")}
)
_POSSESSED: Final = {"today's": 0, "tomorrow's": 1}
_DETERMINERS: Final = frozenset({"the", "a", "an", "my", "our", "your", "his", "her", "their"})
_NOTE: Final = tuple(
    f"with {article}{noun}".split()
    for article in ("", "a ", "the ")
    for noun in ("note", "description", "comment", "details")
)


@dataclass(frozen=True, slots=True)
class Titled:
    """One reading of a text: a title, what it says about time, and a note."""

    title: str
    when: When = NOTHING_SAID
    note: str = ""
    dangling: bool = False


def titled(sentence: Sentence, first: int, here: Present) -> tuple[Titled, ...]:
    """The readings of the tokens from `first` on; none when no title is left."""
    last = len(sentence.tokens)
    last, note = _note(sentence, first, last)
    if first < last and sentence.tokens[first].quoted:
        return _quoted(sentence, first, last, note, here)
    end, said = _trimmed(sentence, first, last, here)
    title = clean(sentence.slice(first, end))
    if not title:
        return (Titled("", said, note),)
    if sentence.tokens[end - 1].word in DANGLING and end < last:
        # What looked like a time belongs to the title, or the title is cut short: ask.
        return (Titled(clean(sentence.slice(first, last)), NOTHING_SAID, note, dangling=True),)
    if (listed := _other_list(sentence, first, end)) is not None:
        inner_title = clean(sentence.slice(first, listed))
        return (Titled(inner_title, said, note, dangling=True), Titled(title, said, note))
    plain = Titled(title, said, note, dangling=sentence.tokens[end - 1].word in DANGLING)
    inner = _interior(sentence, first, end, here)
    if inner is None:
        return (plain,)
    start, stop, inner_said = inner
    without = f"{sentence.slice(first, start)} {sentence.slice(stop, end)}"
    return (Titled(clean(without), said.joined(inner_said), note), plain)


def _other_list(sentence: Sentence, first: int, end: int) -> int | None:
    """Where `to my shopping list` begins: there is one list, so the rest may be meant alone."""
    if sentence.tokens[end - 1].word != "list":
        return None
    for start in range(max(first + 1, end - 5), end - 2):
        lead, owner = sentence.tokens[start].word, sentence.tokens[start + 1].word
        if lead in ("to", "on", "onto", "in") and owner in ("my", "the", "our"):
            return start
    return None


def clean(text: str) -> str:
    """`text` without the spaces, quotation marks and full stops around it."""
    text = text.strip().rstrip(".,;:!").strip()
    for opening, closing in (('"', '"'), ("“", "”"), ("«", "»"), ("'", "'"), ("\u2018", "\u2019")):
        if len(text) > 1 and text[0] == opening and text.find(closing, 1) == len(text) - 1:
            text = text[1:-1].strip()
    return " ".join(text.split())


def _note(sentence: Sentence, first: int, last: int) -> tuple[int, str]:
    for at in range(first, last - 1):
        for lead in _NOTE:
            found = [token.word for token in sentence.tokens[at : at + len(lead)]]
            if found == lead:
                behind = Cursor(sentence, at + len(lead)).skip(":", "that says", "saying")
                text = clean(behind.rest())
                return (at, text) if text else (last, "")
    return last, ""


def _quoted(
    sentence: Sentence, first: int, last: int, note: str, here: Present
) -> tuple[Titled, ...]:
    end, said = _trimmed(sentence, first + 1, last, here)
    title = clean(sentence.slice(first, first + 1))
    if end > first + 1:
        return (Titled(clean(sentence.slice(first, end)), said, note, dangling=True),)
    return (Titled(title, said, note),)


def _trimmed(sentence: Sentence, first: int, last: int, here: Present) -> tuple[int, When]:
    """Where the title ends, without the phrase of time and the name of the list behind it."""
    said = When()
    for _ in range(2):
        last = _without_list(sentence, first, last)
        start, found = suffix(sentence, first, last, here)
        if found is None:
            break
        last, said = start, said.joined(found)
    return _without_list(sentence, first, last), said


def _without_list(sentence: Sentence, first: int, last: int) -> int:
    while last > first and sentence.tokens[last - 1].word in (".", "!", ",", ";"):
        last -= 1
    for tail in _LIST_TAILS:
        start = last - len(tail)
        if start >= first and [token.word for token in sentence.tokens[start:last]] == tail:
            return start
    return last


def suffix(sentence: Sentence, first: int, last: int, here: Present) -> tuple[int, When | None]:
    """Where a phrase of time begins that reaches up to `last`, and the phrase."""
    bracket = last - first > 1 and sentence.tokens[last - 1].word == ")"
    part = Sentence(sentence.text, sentence.tokens[: last - bracket])
    for start in range(max(first, last - _LONGEST), last - bracket):
        opened = start > first and part.tokens[start - 1].word == "("
        if bracket != opened or not _can_begin(part, first, start):
            continue
        found = _day_list(part, start, here) or when(Cursor(part, start), here.today)
        if found is not None and found[1].done:
            return start - bracket, found[0]
    return last, None


def _day_list(part: Sentence, start: int, here: Present) -> tuple[When, Cursor] | None:
    """`to tomorrow's list`."""
    behind = Cursor(part, start).take("to", "on")
    behind = behind.skip("my") if behind else None
    if behind is None or behind.on().word not in _DAY_LISTS:
        return None
    offset = _POSSESSED.get(behind.word)
    if offset is None:
        return None
    return When(day=Day((here.today + timedelta(days=offset),))), behind.on(2)


def _can_begin(part: Sentence, first: int, start: int) -> bool:
    token = part.tokens[start]
    if start == first:
        return True
    before = part.tokens[start - 1]
    if token.glued and before.word not in ("(", ",", ";"):
        return False
    if f"{before.word} {token.word}" in NAMED_DAYS:
        return False
    return not (token.word in (WEEKDAYS | PLURAL_WEEKDAYS) and before.word in _DETERMINERS)


def _interior(
    sentence: Sentence, first: int, end: int, here: Present
) -> tuple[int, int, When] | None:
    part = Sentence(sentence.text, sentence.tokens[:end])
    for start in range(first, end):
        token = part.tokens[start]
        if token.word not in _PLAIN or not _can_begin(part, first, start):
            continue
        found = when(Cursor(part, start), here.today)
        if found is not None and not any(clock.bare for clock in found[0].clocks):
            return start, found[1].at, found[0]
    return None
