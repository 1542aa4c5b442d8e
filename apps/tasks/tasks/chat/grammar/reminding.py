"""Requests for a reminder: of something new, or of a task that exists."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from tasks.chat.grammar.adding import made
from tasks.chat.grammar.moments import moments
from tasks.chat.grammar.offsets import span
from tasks.chat.grammar.present import Problem
from tasks.chat.grammar.references import reference
from tasks.chat.grammar.request import Answer, Request
from tasks.chat.grammar.titles import Titled, titled
from tasks.chat.grammar.tokens import Cursor, read
from tasks.chat.grammar.vocabulary import words
from tasks.chat.grammar.when import When, when
from tasks.chat.tools import SetReminder
from tasks.chat.understanding import Choice, Missing, ToolCall, Understanding, act, ask

_REMIND: Final = (
    *(
        "remind me",
        "remind us",
        "alert me",
        "notify me",
        "ping me",
        "nudge me",
        "make sure i remember",
    ),
    *("send me a reminder", "give me a reminder", "don't let me forget", "do not let me forget"),
)
_REMINDER: Final = tuple(
    f"{verb}{article}reminder"
    for verb in ("set up ", "set me ", "set ", "create ", "add ", "make ", "schedule ", "new ", "")
    for article in ("a new ", "a ", "another ", "one ", "")
)
_ABOUT: Final = ("about", "of", "for", "on", "regarding")
_EVENTS: Final = frozenset({"when", "if", "once", "after", "before", "unless", "as", "whenever"})
_TIMES: Final = frozenset(words("on in at by every each next this within from until"))
_WHAT: Final = "What shall I remind you of?"
_WHEN: Final = "When shall I remind you?"


def reminding(request: Request) -> Answer:
    """`remind me ...`, `set a reminder ...`; None when it is no such request."""
    start = request.cursor
    rest = start.take(*_REMIND) or start.take(*_REMINDER)
    if rest is None:
        return None
    if (before := _before(request, rest)) is not None:
        return before
    early = when(rest, request.here.today) or when(rest.skip("for"), request.here.today)
    if early is not None:
        request = replace(request, said=request.said.joined(early[0]))
        rest = early[1]
    if rest.done:
        resume = f"{request.text} to" if not request.said.empty else "remind me to"
        return ask(Missing.TITLE, _WHAT, resume=resume)
    named = start.take("remind me", "remind us") is not None or rest.word == ":"
    if early is None and rest.word in _TIMES:
        return ask(Missing.TIME, "I did not understand that time. When shall I remind you?")
    plain = early is not None or named
    return _object(request, rest.skip(",", ":", "-"), plain=plain)


def _object(request: Request, cursor: Cursor, *, plain: bool) -> Answer:
    """What to remind of; without `to` or `about` before it only when the rest is `plain`."""
    if (about := cursor.take(*_ABOUT)) is not None:
        return _of_task(request, about.at)
    if cursor.word in _EVENTS:
        return ask(Missing.TIME, "I can remind you at a time, not at an event. When?")
    title = cursor.take("to", "that i have to", "that i need to", "that")
    if title is None and not plain:
        return None
    return _of_something(request, titled(request.sentence, (title or cursor).at, request.here))


def _of_something(request: Request, readings: tuple[Titled, ...]) -> Understanding:
    timed = not request.said.empty or any(not each.when.empty for each in readings)
    if readings and readings[0].title and not timed:
        return ask(Missing.TIME, _WHEN, resume=request.text)
    return made(request, readings)


def _of_task(request: Request, at: int) -> Understanding:
    readings = titled(request.sentence, at, request.here)
    if not readings or not readings[0].title:
        return ask(Missing.TITLE, _WHAT)
    if len(readings) != 1 or readings[0].dangling:
        return ask(Missing.MEANING, "Which task, and when?")
    inner = read(readings[0].title)
    task = reference(Request(inner, request.here), 0, len(inner.tokens))
    if request.sentence.tokens[at].quoted:
        task = readings[0].title
    if isinstance(task, Problem):
        return ask(task.missing, task.text)
    return _timed(request, task, request.said.joined(readings[0].when))


def _timed(request: Request, task: str, said: When) -> Understanding:
    if said.empty:
        return ask(Missing.TIME, _WHEN, resume=request.text)
    if said.repeat is not None:
        return ask(Missing.MEANING, f'Shall I make "{task}" a recurring task? Say it as: every ...')
    found = moments(said, request.here)
    if isinstance(found, Problem):
        return ask(found.missing, found.text)
    options = [
        Choice(each.label, ToolCall(SetReminder(task=task, remind_at=each.at))) for each in found
    ]
    if len(options) == 1:
        return Understanding(call=options[0].call)
    return ask(Missing.TIME, "Which of these do you mean?", *options)


def _before(request: Request, cursor: Cursor) -> Answer:
    """`30 minutes before the dentist`."""
    found = span(cursor)
    rest = found[1].take("before") if found is not None else None
    if found is None or rest is None:
        return None
    length = found[0]
    minutes = (length.clock + timedelta(days=length.days)) // timedelta(minutes=1)
    task = reference(request, rest.at, len(request.sentence.tokens))
    if isinstance(task, Problem):
        return ask(task.missing, task.text)
    if length.months or not 0 < minutes <= 60 * 24 * 365:
        return ask(Missing.TIME, "How many minutes, hours or days before?")
    if when(rest, request.here.today) is not None:
        return ask(Missing.TASK, "Before which task?")
    return act(SetReminder(task=task, minutes_before=minutes))
