"""Requests that make a task, once or again and again."""

from dataclasses import replace
from typing import Final

from pydantic import ValidationError

from tasks.chat.grammar.moments import moments
from tasks.chat.grammar.present import Present, Problem
from tasks.chat.grammar.recurrence import Repeat, repeat
from tasks.chat.grammar.request import Answer, Request
from tasks.chat.grammar.schedules import schedules
from tasks.chat.grammar.titles import Titled, titled
from tasks.chat.grammar.tokens import Cursor
from tasks.chat.grammar.vocabulary import NUMBERS
from tasks.chat.grammar.when import When, when
from tasks.chat.tools import AddTask, CreateRecurringTask
from tasks.chat.understanding import (
    Choice,
    Missing,
    Question,
    ToolCall,
    Understanding,
    ask,
)

_NOUNS: Final = (
    *("todo item", "to - do item", "to do item", "list item", "task", "todo", "to - do", "to do"),
    *("item", "entry", "chore"),
)
_MANY: Final = ("tasks", "todos", "items", "things", "to - dos")
_VERBS: Final = (
    *("add", "create", "make", "set up", "new", "put", "note down", "note", "insert", "enter"),
    *("write down", "jot down", "log", "record", "schedule", "save"),
)
_SEPARATORS: Final = (
    *(":", "-", "called", "named", "titled", "to", "that says", "saying", "with the title"),
    *("with title", "which says", "that i have to", "that i need to", "about"),
)
_NOTHING: Final = frozenset(
    {"something", "it", "that", "this", "one", "stuff", "things", "thing", "anything", "task"}
    | {"a task", "new", "tasks", "some tasks", "more", "another", "another one", "a few things"}
)
_LISTS: Final = ("to my list", "to the list", "on my list", "to my todo list")
_HOW_OFTEN: Final = Problem(Missing.SCHEDULE, "How often, and when?")
_WHAT: Final = "What is the task called?"
_MOST: Final = 200


def adding(request: Request) -> Answer:
    """`add ...`, `new task: ...`, `create a weekly task ...`; None when it is no such request."""
    start = request.cursor
    behind = start.take(*_VERBS)
    labelled = _labelled(request)
    if labelled is not None or behind is None:
        return labelled
    if (rest := behind.take(*_LISTS)) is not None:
        return made(request, titled(request.sentence, rest.skip(":", "-").at, request.here))
    if (noun := _noun(behind, request)) is not None:
        return noun
    listed = start.word in ("put", "note", "write", "jot") and _names_the_list(request)
    return _free(request, behind) if start.word == "add" or listed else None


def _free(request: Request, cursor: Cursor) -> Understanding:
    rest = cursor.skip(":", "-").skip("a", "an")
    if rest.word in _MANY or (_counted(rest) and rest.on().word in _MANY):
        return ask(Missing.ONE_REQUEST, "One task at a time, please. Which is the first?")
    early = when(rest, request.here.today)
    named = early[1].take(":", ",") if early is not None else None
    if early is not None and named is not None:
        request, rest = replace(request, said=request.said.joined(early[0])), named
    return made(request, titled(request.sentence, rest.at, request.here))


def _counted(cursor: Cursor) -> bool:
    return cursor.number is not None or cursor.word in (*NUMBERS, "some", "several", "these")


def _labelled(request: Request) -> Answer:
    start = request.cursor
    rest = start.take("task", "todo", "to - do", "to do", "note to self", "new task", "new todo")
    rest = rest.take(":", "-") if rest is not None else None
    return made(request, titled(request.sentence, rest.at, request.here)) if rest else None


def _noun(cursor: Cursor, request: Request) -> Answer:
    """`a [new] [weekly] task [for friday] [called] ...`."""
    rest = cursor.skip("me", "in").skip("a", "an", "another", "the", "one", "this", "my")
    rest = rest.skip("new", "quick", "further")
    if (adjective := rest.take("recurring", "repeating", "repeated")) is not None:
        said, rest = When(repeat=Repeat((), problem=_HOW_OFTEN)), adjective
    elif (found := repeat(rest)) is not None and found[1].take(*_NOUNS) is not None:
        said, rest = When(repeat=found[0]), found[1]
    else:
        said = When()
    if rest.word in _MANY:
        return ask(Missing.ONE_REQUEST, "One task at a time, please. Which is the first?")
    behind = rest.take(*_NOUNS)
    if behind is None:
        return _described(request, cursor)
    early = when(behind, request.here.today)
    if early is not None and (early[1].done or early[1].take(*_SEPARATORS, ",") is not None):
        said, behind = said.joined(early[0]), early[1].skip(",")
    named = behind.take(*_SEPARATORS)
    readings = titled(request.sentence, (named or behind).at, request.here)
    if named is None and behind.word in ("for", "of", "in", "with", "by"):
        inner = titled(request.sentence, behind.on().at, request.here)
        readings = tuple(replace(each, dangling=True) for each in inner)
    return made(replace(request, said=_settled(request.said.joined(said), readings)), readings)


def _described(request: Request, cursor: Cursor) -> Answer:
    """`an urgent task to ...`: what kind of task it is cannot be noted, so ask for the title."""
    rest = cursor.take("a", "an")
    for words_before in (1, 2):
        behind = rest.on(words_before).take(*_NOUNS) if rest is not None else None
        named = behind.take(":", "called", "named", "titled", "to") if behind else None
        if rest is not None and named is not None:
            inner = titled(request.sentence, named.at, request.here)
            whole = titled(request.sentence, rest.at, request.here)
            return made(request, tuple(replace(each, dangling=True) for each in (*inner, *whole)))
    return None


def _settled(said: When, readings: tuple[Titled, ...]) -> When:
    # "a recurring task ... every friday": the word asks for the schedule that follows.
    follows = readings[0].when.repeat if readings else None
    if said.repeat is None or follows is None or not follows.readings:
        return said
    if said.repeat.problem is _HOW_OFTEN:
        return replace(said, repeat=None)
    # "a weekly task ... on mondays": the word is repeated more exactly.
    word, more = said.repeat.readings, follows.readings[0].rule
    same = len(word) == 1 and word[0].rule.frequency is more.frequency
    if same and word[0].rule.interval == more.interval and said.repeat.part is None:
        return replace(said, repeat=None)
    return said


def _names_the_list(request: Request) -> bool:
    words = [token.word for token in request.sentence.tokens]
    return any(
        words[at] in ("on", "in", "onto", "to") and "list" in words[at : at + 5]
        for at in range(len(words))
    )


def made(request: Request, readings: tuple[Titled, ...]) -> Understanding:
    """The task of a title with its time; a question when there is more than one reading."""
    joined = tuple(replace(each, when=request.said.joined(each.when)) for each in readings)
    if not joined or not joined[0].title or joined[0].title.lower() in _NOTHING:
        return ask(Missing.TITLE, _WHAT, resume=_resume_title(request, joined))
    if max(len(each.title) for each in joined) > _MOST:
        return ask(Missing.TITLE, f"A title has at most {_MOST} characters. What is the short one?")
    options = [calls(each, request.here) for each in joined]
    if len(options) == 1 and not joined[0].dangling:
        return settled(options[0], request.text, joined[0].when)
    choices = [choice for each in options if not isinstance(each, Question) for choice in each]
    return ask(Missing.MEANING, "Which of these do you mean?", *choices)


def _resume_title(request: Request, readings: tuple[Titled, ...]) -> str:
    if readings and not readings[0].title and not readings[0].when.empty:
        return f"{request.text}:"
    timed = bool(readings) and not readings[0].when.empty
    return "" if timed else "add task"


def settled(options: tuple[Choice, ...] | Question, text: str, said: When) -> Understanding:
    """Act on the only option; else ask."""
    if isinstance(options, Question):
        only_day = said.clocks or said.part or said.span or said.start or said.until
        resume = text if options.missing is Missing.SCHEDULE and not only_day else ""
        return Understanding(ask=replace(options, resume=resume))
    if len(options) == 1 and options[0].call is not None:
        return Understanding(call=options[0].call)
    return ask(Missing.TIME, "Which of these do you mean?", *options)


def calls(reading: Titled, here: Present) -> tuple[Choice, ...] | Question:
    """The calls that one title and its phrase of time can stand for."""
    note = reading.note or None
    if reading.when.empty:
        call = ToolCall(AddTask(title=reading.title, description=note))
        return (Choice(f'Add "{reading.title}"', call),)
    if reading.when.repeat is not None:
        return _recurring(reading, here)
    found = moments(reading.when, here)
    if isinstance(found, Problem):
        return Question(found.missing, found.text)
    return tuple(
        Choice(
            f'Add "{reading.title}", due {each.label}',
            ToolCall(AddTask(title=reading.title, description=note, due_date=each.at)),
        )
        for each in found
    )


def _recurring(reading: Titled, here: Present) -> tuple[Choice, ...] | Question:
    planned = schedules(reading.when, here)
    if isinstance(planned, Problem):
        return Question(planned.missing, planned.text)
    try:
        return tuple(
            Choice(
                f'Add "{reading.title}", {each.label}',
                ToolCall(
                    CreateRecurringTask(
                        title=reading.title,
                        rule=each.rule,
                        starts_at=each.starts_at,
                        zone=here.zone.key,
                        description=reading.note or None,
                    )
                ),
            )
            for each in planned
        )
    except ValidationError:
        # A rule that the product does not take, such as one that ends before it begins.
        return Question(Missing.SCHEDULE, "I cannot repeat it like that. How often, and when?")
