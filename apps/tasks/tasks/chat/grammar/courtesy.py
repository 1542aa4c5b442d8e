"""Words of courtesy around a request, and requests that are more than one."""

from itertools import pairwise
from typing import Final

from tasks.chat.grammar.tokens import Cursor, Sentence
from tasks.chat.grammar.vocabulary import words

_LEADS: Final = tuple(
    phrase.split()
    for phrase in (
        *("please", "pls", "kindly", "hey", "hi", "hello", "ok", "okay", "so", "well", "now"),
        *("also", "and", "then", "um", "uh", "just", "assistant", "go ahead and", "good morning"),
        *("can you", "could you", "would you", "will you", "can i", "could i", "may i"),
        *("would you mind", "i want you to", "i'd like you to", "i would like you to"),
        *("i need you to", "i want to", "i'd like to", "i would like to", "i wanna", "let's"),
        *("can we", "could we", ",", "!", "."),
    )
)
_TAILS: Final = tuple(
    phrase.split()
    for phrase in (
        *("please", "pls", "thanks", "thank you", "thx", "cheers", "for me", "ok", "okay"),
        *("thanks a lot", "thank you very much", "many thanks", "if you can", "will you"),
        *("would you", "could you", "?", "!", ".", ",", "right", "thanks in advance"),
    )
)
_STOPS: Final = frozenset(".!?;")
_ABBREVIATIONS: Final = frozenset(words("dr mr mrs ms st no vs etc prof inc jr sr approx ca fig"))
_JOINTS: Final = frozenset({"and", "then", "also", "&", ",", "or", "plus", ";"})
_VERBS: Final = frozenset(
    words(
        "add create delete remove erase complete mark cancel rename remind list show reschedule "
        "postpone tick wipe clear purge drop"
    )
)


def plain(sentence: Sentence) -> Sentence:
    """The sentence without courtesies around it."""
    first, last = 0, len(sentence.tokens)
    words = [token.word for token in sentence.tokens]
    while (length := _matching(words, first, last, _LEADS)) > 0:
        first += length
    while (length := _ending(words, first, last)) > 0:
        last -= length
    return sentence.part(first, last)


def is_question(sentence: Sentence) -> bool:
    """Whether it ends with a question mark and does not begin like a polite request."""
    words = [token.word for token in sentence.tokens]
    return (
        bool(words)
        and words[-1] == "?"
        and words[0]
        not in (*("can", "could", "would", "will", "please", "may", "hey", "hi", "ok"),)
    )


def _matching(words: list[str], first: int, last: int, phrases: tuple[list[str], ...]) -> int:
    found = (len(each) for each in phrases if words[first : min(first + len(each), last)] == each)
    return max(found, default=0)


def _ending(words: list[str], first: int, last: int) -> int:
    found = (
        len(each)
        for each in _TAILS
        if last - len(each) >= first and words[last - len(each) : last] == each
    )
    return max(found, default=0)


def sentences(sentence: Sentence) -> tuple[Sentence, ...]:
    """The sentences of a text; those that are only courtesy are left out."""
    cuts = [0]
    for at in range(1, len(sentence.tokens)):
        between = sentence.text[sentence.tokens[at - 1].end : sentence.tokens[at].start]
        if "\n" in between or "\r" in between or _stops(sentence, at):
            cuts.append(at)
    cuts.append(len(sentence.tokens))
    parts = (sentence.part(first, last) for first, last in pairwise(cuts))
    return tuple(part for part in parts if plain(part).tokens)


def _stops(sentence: Sentence, at: int) -> bool:
    before, token = sentence.tokens[at - 1], sentence.tokens[at]
    if before.word not in _STOPS or token.glued:
        return False
    earlier = sentence.tokens[at - 2] if at > 1 else None
    if before.word != "." or earlier is None:
        return True
    short = earlier.word in _ABBREVIATIONS or len(earlier.word) == 1
    return not short and earlier.number is None


def second_command(cursor: Cursor) -> bool:
    """Whether another command follows the one that begins here."""
    tokens = cursor.sentence.tokens[cursor.at :]
    for at in range(1, len(tokens) - 1):
        if tokens[at].word not in _JOINTS:
            continue
        rest = Cursor(cursor.sentence, cursor.at + at + 1)
        while rest.word in (*_JOINTS, "please"):
            rest = rest.on()
        if rest.word in _VERBS and not rest.on().done:
            return True
    return False
