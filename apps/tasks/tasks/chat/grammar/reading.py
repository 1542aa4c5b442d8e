"""From a sentence to a tool call, or to a question when it can be read in more than one way."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from tasks.chat.grammar.adding import adding, calls
from tasks.chat.grammar.courtesy import is_question, plain, second_command, sentences
from tasks.chat.grammar.finishing import completing, deleting
from tasks.chat.grammar.listing import listing
from tasks.chat.grammar.present import Present, present
from tasks.chat.grammar.reminding import reminding
from tasks.chat.grammar.request import Answer, Request
from tasks.chat.grammar.titles import titled
from tasks.chat.grammar.tokens import read
from tasks.chat.grammar.unreminding import unreminding
from tasks.chat.grammar.updating import updating
from tasks.chat.grammar.vocabulary import words
from tasks.chat.grammar.when import when
from tasks.chat.understanding import Choice, Missing, Question, Understanding, ask

MAX_CHARACTERS: Final = 500
MAX_TOKENS: Final = 120
_HELP: Final = (
    "I did not understand that. I can add, show, change, complete and delete tasks, make recurring "
    'ones and remind you: "remind me to call Ann tomorrow at 9", for example.'
)
_ONE: Final = "One request at a time, please. What is the first?"
_NEGATIONS: Final = ("don't", "do not", "never", "no", "not", "dont", "stop", "undo", "without")
_STATEMENTS: Final = (
    *("i need to", "i have to", "i must", "i should", "i've got to", "i gotta", "remember to"),
    *("don't forget to", "do not forget to", "we need to", "i ought to", "need to"),
)
_ASKING: Final = frozenset(
    words(
        "how what why who where when which is are was were do does did should would could can "
        "will am if whether has have had ignore pretend you list show display find "
        "search delete remove complete mark rename cancel"
    )
)
_READERS: Final[tuple[Callable[[Request], Answer], ...]] = (
    *(unreminding, reminding, updating, completing, deleting, listing, adding),
)
_TIMED: Final[tuple[Callable[[Request], Answer], ...]] = (reminding, adding)


def understand(text: str, now: datetime, zone: ZoneInfo) -> Understanding:
    """What `text` asks for when it is said at `now` (aware) in `zone`."""
    here = present(now, zone)
    cleaned = unicodedata.normalize("NFC", text).strip()
    if len(cleaned) > MAX_CHARACTERS:
        return ask(Missing.ONE_REQUEST, "That is long. Please say it shorter.")
    if not cleaned or _unprintable(cleaned):
        return ask(Missing.INTENT, _HELP)
    whole = read(cleaned)
    parts = sentences(whole)
    if len(whole.tokens) > MAX_TOKENS or len(parts) != 1:
        return ask(Missing.ONE_REQUEST, _ONE) if parts else ask(Missing.INTENT, _HELP)
    sentence = plain(parts[0])
    found = _read(Request(sentence, here))
    if found.call is not None and found.call.changes_data and is_question(parts[0]):
        choices = (Choice("Yes", found.call), Choice("No"))
        return ask(Missing.CONFIRMATION, "Shall I do that?", *choices)
    return found


def _unprintable(text: str) -> bool:
    return any(unicodedata.category(each) in ("Cc", "Cs") and each not in "\n\r\t" for each in text)


def _read(request: Request) -> Understanding:
    request, readers = _after_time(request)
    if second_command(request.cursor):
        return ask(Missing.ONE_REQUEST, _ONE)
    for reader in readers:
        if (found := reader(request)) is not None:
            return found
    return _unsure(request)


def _after_time(request: Request) -> tuple[Request, tuple[Callable[[Request], Answer], ...]]:
    """The request behind a phrase of time that it begins with, and who can read it."""
    early = when(request.cursor, request.here.today)
    if early is None or early[1].done:
        return request, _READERS
    rest = early[1].skip(",", ":", "-").skip("please")
    timed = replace(request, said=early[0], first=rest.at)
    if any(reader(timed) is not None for reader in _TIMED):
        return timed, _TIMED
    return request, _READERS


def _unsure(request: Request) -> Understanding:
    """Not a command: offer what it may be, change nothing."""
    start = request.cursor
    statement = start.take(*_STATEMENTS)
    if statement is None and (start.word in _ASKING or start.take(*_NEGATIONS) is not None):
        return ask(Missing.INTENT, _HELP)
    first = (statement or start).at
    offers = _offers(request, first, request.here)
    if not offers:
        return ask(Missing.INTENT, _HELP)
    return ask(Missing.INTENT, "Shall I add that as a task?", *offers, Choice("No"))


def _offers(request: Request, first: int, here: Present) -> tuple[Choice, ...]:
    length = len(request.sentence.tokens) - first
    if not 1 < length < 20:
        return ()
    early = when(request.cursor, here.today) if first == 0 else None
    if early is not None and not early[1].done:
        rest = early[1].skip(",", ":", "-")
        readings = titled(request.sentence, rest.at, here)
        readings = tuple(replace(each, when=early[0].joined(each.when)) for each in readings)
    else:
        readings = titled(request.sentence, first, here)
    found: list[Choice] = []
    for reading in readings:
        options = calls(reading, here) if 0 < len(reading.title) <= 200 else ()
        if not isinstance(options, Question):
            found.extend(options)
    return tuple(found)
