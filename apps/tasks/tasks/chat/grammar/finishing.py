"""Requests that end a task: done, or gone."""

from typing import Final

from tasks.chat.confirmation import confirmed_first
from tasks.chat.grammar.present import Problem
from tasks.chat.grammar.references import ONE_AT_A_TIME, reference
from tasks.chat.grammar.request import Answer, Request
from tasks.chat.grammar.tokens import Cursor
from tasks.chat.grammar.vocabulary import words
from tasks.chat.tools import AddTask, CancelReminder, CompleteTask, DeleteTask
from tasks.chat.understanding import Choice, Missing, ToolCall, Understanding, act, ask

_COMPLETE: Final = ("complete", "check off", "tick off", "cross off", "strike off")
_REPORT: Final = (
    *("i have just finished", "i have finished", "i have just completed", "i have completed"),
    *("i've just finished", "i've finished", "i've just completed", "i've completed"),
    *("i've already done", "i've just done", "i've done", "i have done", "i have already done"),
    *("i finished", "i completed", "i just finished", "i just completed"),
    *("i'm done with", "i am done with", "i'm finished with", "i am finished with"),
    *("we finished", "we're done with", "done with", "finished with"),
    *("done :",),
)
_DONE: Final = ("done", "completed", "complete", "finished", "ready", "closed")
_UNDONE: Final = ("undone", "not", "open", "pending", "incomplete", "unfinished", "todo")
_NO_STATEMENT: Final = frozenset(
    words(
        "not if when until unless never what is are that list show tell who i he she they we you "
        "says said think thinks how why once before after nothing nobody someone"
    )
)
_DELETE: Final = (
    *("delete", "remove", "erase", "trash", "scrap", "discard", "bin", "drop", "get rid of"),
    *("throw away", "throw out", "wipe", "purge", "clear", "destroy"),
)
_PARTS: Final = ("due date", "deadline", "date", "note", "description", "title", "time", "details")
_RECURRING: Final = frozenset(
    words("recurring repeating recurrence series schedule daily weekly monthly yearly")
)
_MOST: Final = 200
_NOT_YET: Final = "I cannot do that yet. I can rename a task, move its date or change its note."


def completing(request: Request) -> Answer:
    """`complete ...`, `mark ... as done`, `... is done`; None when it is no such request."""
    start, last = request.cursor, len(request.sentence.tokens)
    if (rest := start.take(*_COMPLETE, *_REPORT)) is not None:
        return _completed(reference(request, rest.at, last))
    if start.word in ("mark", "set", "flag"):
        return _marked(request, start.on())
    if start.word in ("tick", "check", "cross") and request.sentence.tokens[last - 1].word == "off":
        return _completed(reference(request, start.at + 1, last - 1))
    if start.word == "finish" and last - start.at > 1:
        task = reference(request, start.at + 1, last)
        if isinstance(task, Problem):
            return ask(Missing.TASK, task.text)
        return ask(
            Missing.MEANING,
            f'Is "{task}" done, or is finishing it a new task?',
            Choice(f'"{task}" is done', ToolCall(CompleteTask(task=task))),
            Choice("Add it as a new task", ToolCall(AddTask(title=f"finish {task}"[:_MOST]))),
        )
    return _stated(request)


def _completed(task: str | Problem) -> Understanding:
    if isinstance(task, Problem):
        return ask(Missing.TASK, task.text, resume="complete")
    return act(CompleteTask(task=task))


def _marked(request: Request, cursor: Cursor) -> Answer:
    tokens = request.sentence.tokens
    if rest := cursor.take("as done", "as complete", "as completed", "as finished", "done"):
        rest = rest.skip(":")
        return _completed(reference(request, rest.at, len(tokens)))
    if tokens[-1].word not in (*_DONE, *_UNDONE):
        return None
    end = len(tokens) - 1
    if any(token.word in _UNDONE for token in tokens[cursor.at + 1 :]):
        return ask(Missing.SUPPORT, "I cannot reopen a task here; do it where you see it.")
    for joint in (("to", "be"), ("as",), ("to",)):
        if tuple(token.word for token in tokens[end - len(joint) : end]) == joint:
            end -= len(joint)
            break
    return _completed(reference(request, cursor.at, end))


def _stated(request: Request) -> Answer:
    """`the report is done`; asked about unless it is clear that a task is meant."""
    start, last = request.cursor, len(request.sentence.tokens)
    words = [token.word for token in request.sentence.tokens[request.first :]]
    if len(words) < 3 or words[-1] not in _DONE or words[-2] not in ("is", "are"):
        return None
    if not _NO_STATEMENT.isdisjoint(words[:-2]):
        return None
    task = reference(request, request.first, last - 2)
    clear = start.word in ("the", "my", "task", "")
    if clear or isinstance(task, Problem):
        return _completed(task)
    done = Choice("Yes", ToolCall(CompleteTask(task=task)))
    return ask(Missing.CONFIRMATION, f'Is the task "{task}" done?', done, Choice("No"))


def deleting(request: Request) -> Answer:
    """`delete ...`: always asked about before it is done. None when it is no such request."""
    start, last = request.cursor, len(request.sentence.tokens)
    rest = start.take(*_DELETE)
    if rest is None and start.word == "take":
        return _taken_off(request)
    if rest is None and start.word == "cancel":
        return _cancelled(request)
    if rest is None:
        return None
    inner = rest.skip("the", "my")
    if inner.take(*_PARTS) is not None and inner.on().word in ("of", "from", "for", "date", "on"):
        return ask(Missing.SUPPORT, _NOT_YET)
    if inner.word in _RECURRING:
        return ask(Missing.SUPPORT, _NOT_RECURRING)
    return confirmed(reference(request, rest.at, last))


_NOT_RECURRING: Final = "I can make and show recurring tasks; change them where you see them."


def confirmed(task: str | Problem) -> Understanding:
    """Ask before deleting."""
    if isinstance(task, Problem):
        text = "I delete one task at a time. Which one?" if task is ONE_AT_A_TIME else task.text
        return ask(Missing.TASK, text, resume="delete")
    return confirmed_first(ToolCall(DeleteTask(task=task)))


def _taken_off(request: Request) -> Answer:
    words = [token.word for token in request.sentence.tokens]
    if "off" not in words or words[-1] != "list":
        return None
    return confirmed(reference(request, request.first + 1, words.index("off")))


def _cancelled(request: Request) -> Answer:
    start, last = request.cursor.on(), len(request.sentence.tokens)
    if start.skip("the", "my").word in _RECURRING:
        return ask(Missing.SUPPORT, _NOT_RECURRING)
    task = reference(request, start.at, last)
    if isinstance(task, Problem):
        return ask(Missing.TASK, task.text, resume="delete")
    return ask(
        Missing.MEANING,
        f'Shall I delete "{task}", or only its reminder?',
        Choice("Delete the task", ToolCall(DeleteTask(task=task))),
        Choice("Only the reminder", ToolCall(CancelReminder(task=task))),
        Choice("Neither"),
    )
