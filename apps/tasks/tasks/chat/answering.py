"""An answer to a question that was asked: one of its choices, or words that complete it."""

import re
from collections.abc import Callable
from typing import Final

from tasks.chat.understanding import Choice, Missing, Question, Understanding, ask

_YES: Final = frozenset(
    {"yes", "y", "yep", "yeah", "sure", "ok", "okay", "do it", "go ahead", "do", "correct"}
)
_NO: Final = frozenset(
    {"no", "n", "nope", "cancel", "never mind", "nevermind", "stop", "none", "neither", "forget it"}
)
_PLACES: Final = ("first", "second", "third", "fourth", "fifth")
_POLITE: Final = re.compile(
    r"^(?:oh|well|um|ok|okay|please)\b[ ,]+|[ ,]+(?:please|thanks|thank you)$"
)
_NOTHING: Final = "All right, nothing was changed. What else?"


def chosen(question: Question, answer: str) -> Understanding | None:
    """What the answer picks; None when it picks nothing and is to be read as a sentence."""
    said = _plain(answer)
    if said in _NO:
        return ask(Missing.INTENT, _NOTHING)
    active = [choice for choice in question.choices if choice.call is not None]
    if said in _YES:
        # A plain yes is clear only when there is one thing to say yes to.
        return Understanding(call=active[0].call) if len(active) == 1 else None
    choice = _placed(question.choices, said) or _named(question.choices, said)
    if choice is None:
        return None
    return Understanding(call=choice.call) if choice.call else ask(Missing.INTENT, _NOTHING)


def resumed(
    question: Question, answer: str, read: Callable[[str], Understanding]
) -> Understanding | None:
    """What the question's sentence means with the answer behind it; None when it has no sentence.

    An answer that is a request of its own is not taken for the missing words.
    """
    alone = read(answer)
    own = alone.call is not None or (alone.ask and alone.ask.missing is not Missing.INTENT)
    if own or not question.resume:
        return None
    words = answer.strip()
    for repeated in ("to", "about", "for", "on", "at"):
        joined = f"{repeated} "
        if question.resume.endswith(f" {repeated}") and words.lower().startswith(joined):
            words = words[len(joined) :]
    return read(f"{question.resume} {words}")


def _plain(answer: str) -> str:
    text = answer.strip().strip(".!").strip().lower()
    while (shorter := _POLITE.sub("", text)) != text:
        text = shorter
    return text


def _placed(choices: tuple[Choice, ...], said: str) -> Choice | None:
    text = said.removeprefix("the ").removesuffix(" one").removeprefix("number ")
    place = _PLACES.index(text) + 1 if text in _PLACES else 0
    if text.isascii() and text.isdigit() and len(text) == 1:
        place = int(text)
    return choices[place - 1] if 0 < place <= len(choices) else None


def _named(choices: tuple[Choice, ...], said: str) -> Choice | None:
    """The only choice with this label, or with all the words of the answer in its label."""
    wanted = set(re.findall(r"[\w:]+", said))
    for found in (
        [choice for choice in choices if choice.label.lower() == said],
        [choice for choice in choices if wanted and wanted <= _label_words(choice)],
    ):
        if len(found) == 1:
            return found[0]
    return None


def _label_words(choice: Choice) -> set[str]:
    return set(re.findall(r"[\w:]+", choice.label.lower()))
