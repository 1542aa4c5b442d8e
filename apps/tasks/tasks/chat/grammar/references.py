"""Words by which a task that exists is meant."""

from typing import Final

from tasks.chat.grammar.present import Problem
from tasks.chat.grammar.request import Request
from tasks.chat.grammar.titles import clean, suffix
from tasks.chat.grammar.tokens import Sentence
from tasks.chat.grammar.vocabulary import NUMBERS, ORDINALS, words
from tasks.chat.understanding import Missing

WHICH: Final = Problem(Missing.TASK, "Which task? Say its title, or words of it.")
ONE_AT_A_TIME: Final = Problem(
    Missing.TASK, "I change one task at a time. Which one? Say its title, or words of it."
)
_TIMED: Final = Problem(
    Missing.TASK, "Is that time a part of its title? Put the title in quotation marks, please."
)
_ARTICLES: Final = frozenset({"the", "my", "our", "that", "this", "a", "an"})
_NOUNS: Final = frozenset({"task", "todo", "item", "entry"})
_PLURALS: Final = frozenset({"tasks", "todos", "items", "entries", "chores"})
_NAMING: Final = frozenset({"called", "named", "titled", ":", "-", "about"})
_POINTING: Final = frozenset(
    words(
        "it that this one nothing something anything thing task todo item stuff last previous "
        "next newest latest oldest same due date deadline name note description reminder "
        "# number st nd rd th i we added just"
    )
)
_MANY: Final = frozenset(
    words(
        "all everything every each them those these both any whole entire whatever everyone "
        "others rest *"
    )
)
_MOST: Final = 200
_LIST: Final = frozenset({"list", "todo list", "account", "database", "data"})
_LIST_TAILS: Final = tuple(
    f"{lead} {owner}{name}".split()
    for lead in ("from", "off", "on", "in", "of")
    for owner in ("my ", "the ", "")
    for name in ("list", "tasks", "todo list", "to - do list", "task list", "todos")
)
_TAILS: Final = (
    *_LIST_TAILS,
    *(
        ["now"],
        ["right", "now"],
        ["already"],
        ["today"],
        ["yesterday"],
        ["anymore"],
        ["any", "more"],
    ),
)


def reference(request: Request, first: int, last: int) -> str | Problem:
    """The words that name one task; a Problem when they name none, or many."""
    sentence = request.sentence
    last = _without_tail(sentence, first, last)
    start = first
    while start < last and sentence.tokens[start].word in _ARTICLES:
        start += 1
    said = [token.word for token in sentence.tokens[start:last]]
    if not said:
        return WHICH
    if said[0] in _MANY or said[-1] in _PLURALS or " ".join(said) in _LIST:
        return ONE_AT_A_TIME
    if said[0] in _NOUNS and len(said) > 1:
        start += 1
        while start < last and sentence.tokens[start].word in _NAMING:
            start += 1
    end = last - 1 if last - start > 1 and said[-1] in _NOUNS else last
    left = sentence.tokens[start:end]
    if not left or (
        all(_points(token.word) for token in left if not token.quoted)
        and not any(token.quoted for token in left)
    ):
        return WHICH
    if len(left) > 1 and suffix(sentence, start, end, request.here)[1] is not None:
        return _TIMED
    task = clean(sentence.slice(start, end))
    return task if 0 < len(task) <= _MOST else WHICH


def _points(word: str) -> bool:
    # "the second one", "task 3": a place in a list that only the user sees.
    return (
        word in _POINTING
        or word in ORDINALS
        or word in NUMBERS
        or (word.isdigit() and len(word) < 4)
    )


def _without_tail(sentence: Sentence, first: int, last: int) -> int:
    while True:
        while last > first and sentence.tokens[last - 1].word in (".", "!", ",", ";", "?"):
            last -= 1
        for tail in _TAILS:
            start = last - len(tail)
            if start > first and [token.word for token in sentence.tokens[start:last]] == tail:
                last = start
                break
        else:
            return last
