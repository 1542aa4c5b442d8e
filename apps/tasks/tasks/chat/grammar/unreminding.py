"""Requests that end the reminders of a task."""

from typing import Final

from tasks.chat.grammar.present import Problem
from tasks.chat.grammar.references import ONE_AT_A_TIME, reference
from tasks.chat.grammar.request import Answer, Request
from tasks.chat.grammar.tokens import Cursor
from tasks.chat.tools import CancelReminder
from tasks.chat.understanding import Missing, Understanding, act, ask

_STOP: Final = (
    *("cancel", "remove", "delete", "stop", "clear", "turn off", "switch off", "disable"),
    *("dismiss", "drop", "get rid of", "unset", "no more"),
)
_STOP_REMINDING: Final = (
    *("stop reminding me", "don't remind me", "do not remind me", "never remind me"),
    *("no longer remind me", "quit reminding me"),
)
_REMINDER: Final = frozenset({"reminder", "alarm", "notification", "alert"})
_REMINDERS: Final = frozenset(f"{each}s" for each in _REMINDER)
_ABOUT: Final = ("about", "of", "for", "on", "regarding", "from", "to", ":")
_ALL: Final = ("all", "every", "any")
_WHICH: Final = "The reminder of which task? Say its title, or words of it."
_RESUME: Final = "cancel the reminder for"


def unreminding(request: Request) -> Answer:
    """`cancel the reminder for ...`, `stop reminding me about ...`; None when it is none."""
    start, last = request.cursor, len(request.sentence.tokens)
    if (rest := start.take(*_STOP_REMINDING)) is not None:
        return _cancelled(reference(request, rest.skip(*_ABOUT).at, last))
    rest = start.take(*_STOP)
    if rest is None:
        return None
    if rest.word in _ALL:
        following = rest.on().skip("my", "the").word
        return _which_one() if following in _REMINDERS | _REMINDER else None
    rest = rest.skip("the", "my")
    if rest.word in _REMINDER | _REMINDERS:
        return _of_task(request, rest)
    ending = request.sentence.tokens[last - 1].word
    if last - rest.at < 2 or ending not in _REMINDER | _REMINDERS:
        return None
    task = reference(request, rest.at, last - 1)
    return _which_one() if ending in _REMINDERS else _cancelled(task)


def _of_task(request: Request, cursor: Cursor) -> Understanding:
    behind = cursor.on().take(*_ABOUT)
    if behind is None:
        return (
            _which_one() if cursor.word in _REMINDERS else ask(Missing.TASK, _WHICH, resume=_RESUME)
        )
    return _cancelled(reference(request, behind.at, len(request.sentence.tokens)))


def _which_one() -> Understanding:
    return ask(Missing.TASK, ONE_AT_A_TIME.text, resume=_RESUME)


def _cancelled(task: str | Problem) -> Understanding:
    if not isinstance(task, Problem):
        return act(CancelReminder(task=task))
    text = task.text if task is ONE_AT_A_TIME else _WHICH
    return ask(Missing.TASK, text, resume=_RESUME)
