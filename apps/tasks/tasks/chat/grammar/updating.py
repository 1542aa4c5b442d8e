"""Requests that change a task: its title, its date, its note."""

from typing import Final

from tasks.chat.grammar.moments import moments
from tasks.chat.grammar.present import Problem
from tasks.chat.grammar.references import reference
from tasks.chat.grammar.request import Answer, Request
from tasks.chat.grammar.titles import clean
from tasks.chat.grammar.tokens import Cursor, Sentence
from tasks.chat.grammar.when import When, when
from tasks.chat.tools import UpdateTask
from tasks.chat.understanding import Choice, Missing, ToolCall, Understanding, act, ask

_RENAME: Final = ("rename", "retitle")
_MOVE: Final = (
    *("move", "reschedule", "postpone", "push back", "push", "delay", "shift", "defer"),
    *("bring forward", "put off", "change", "update", "set", "make"),
)
_CHANGE: Final = ("change", "update", "set", "edit", "move", "put", "make")
_TITLE: Final = ("the title of", "the name of", "title of", "name of")
_DUE: Final = tuple(
    f"{article}{noun} {joint}"
    for article in ("the ", "")
    for noun in ("due date", "deadline", "due time", "date")
    for joint in ("of", "for", "on")
)
_NOTE: Final = tuple(
    f"{article}{noun}"
    for article in ("a ", "the ", "")
    for noun in ("note", "description", "comment")
)
# "make a reservation for friday" is no change of a task; "make the report due friday" is one.
_JOINTS: Final = {
    "set": ("to be due", "due"),
    "make": ("be due", "due"),
    "change": ("to be due", "to"),
    "update": ("to be due", "to"),
    "reschedule": ("to", "until", "till", "for"),
    "push": ("back to", "to", "until", "till"),
}
_WHEN: Final = "To which date?"
_CHOICES: Final = 4
_MOST: Final = 200


def updating(request: Request) -> Answer:
    """`rename ... to ...`, `move ... to friday`, `add a note to ...`; None when it is none."""
    start = request.cursor
    if (rest := start.take(*_RENAME)) is not None:
        return _renamed(request, rest)
    changed = start.take(*_CHANGE)
    if changed is not None and (rest := changed.take(*_TITLE)) is not None:
        return _renamed(request, rest)
    if changed is not None and (rest := changed.take(*_DUE)) is not None:
        return _moved(request, rest, ("to", "until"))
    noted = start.take("add", *_CHANGE, "attach", "write")
    if noted is not None and (rest := noted.take(*_NOTE)) is not None:
        return _noted(request, rest)
    if (rest := start.take(*_MOVE)) is not None:
        joints = _JOINTS.get(start.word, ("to", "until", "till"))
        found = _moved(request, rest, joints)
        return found or (_changed(request, rest) if start.word in ("change", "update") else None)
    return None


def _splits(cursor: Cursor, *words: str) -> list[tuple[int, Cursor]]:
    found: list[tuple[int, Cursor]] = []
    for at in range(cursor.at + 1, len(cursor.sentence.tokens)):
        behind = Cursor(cursor.sentence, at).take(*words)
        if behind is not None and not behind.done:
            found.append((at, behind))
    return found


def _renamed(request: Request, cursor: Cursor) -> Understanding:
    splits = _splits(cursor, "to", "as", "into")
    if not splits:
        task = reference(request, cursor.at, len(request.sentence.tokens))
        if isinstance(task, Problem):
            return ask(Missing.TASK, task.text)
        return ask(Missing.TITLE, "What is its new title?", resume=f'rename "{task}" to')
    # A "to" inside of the old or the new title: only quotation marks tell which one it is.
    sure = [each for each in splits if request.sentence.tokens[each[1].at].quoted]
    readings = sure[-1:] or splits
    if len(readings) > _CHOICES:
        return ask(Missing.MEANING, "Put both titles in quotation marks, please.")
    options = [_title(request, cursor, at, behind) for at, behind in readings]
    problem = next((each for each in options if isinstance(each, Problem)), None)
    if problem is not None:
        return ask(problem.missing, problem.text)
    choices = [each for each in options if isinstance(each, Choice)]
    if len(choices) == 1:
        return Understanding(call=choices[0].call)
    return ask(Missing.MEANING, "Which of these do you mean?", *choices)


def _title(request: Request, cursor: Cursor, at: int, behind: Cursor) -> Choice | Problem:
    task = reference(request, cursor.at, at)
    title = clean(behind.rest())
    if isinstance(task, Problem):
        return task
    if not title or len(title) > _MOST:
        return Problem(Missing.TITLE, "What is its new title?")
    return Choice(f'"{task}" becomes "{title}"', ToolCall(UpdateTask(task=task, title=title)))


def _moved(request: Request, cursor: Cursor, joints: tuple[str, ...]) -> Answer:
    """A new due date behind one of `joints`; without one, None unless the verb is about moving."""
    for at, behind in _splits(cursor, *joints):
        found = when(behind, request.here.today)
        if found is None or not found[1].done:
            continue
        task = reference(request, cursor.at, _origin(request, cursor, at))
        if isinstance(task, Problem):
            return ask(task.missing, task.text)
        return _dated(request, task, found[0], at)
    if request.cursor.word in _JOINTS and request.cursor.word != "reschedule":
        return None
    splits = _splits(cursor, "by", "to", "until", "till", "back", "for")
    end = splits[0][0] if splits else len(request.sentence.tokens)
    task = reference(request, cursor.at, end)
    if isinstance(task, Problem):
        return ask(task.missing, task.text)
    return ask(Missing.DATE, _WHEN, resume=f'move "{task}" to')


def _origin(request: Request, cursor: Cursor, at: int) -> int:
    """Where `from monday` begins in `move ... from monday to friday`."""
    for start, behind in _splits(cursor, "from"):
        part = Sentence(request.sentence.text, request.sentence.tokens[:at])
        found = when(Cursor(part, behind.at), request.here.today)
        if found is not None and found[1].done:
            return start
    return at


def _dated(request: Request, task: str, said: When, at: int) -> Understanding:
    if said.repeat is not None:
        return ask(Missing.SUPPORT, "I cannot make a task recurring later. Add it as a new one.")
    if said.day is None and said.span is None and said.problem() is None:
        return ask(Missing.DATE, "On which day?", resume=request.text)
    found = moments(said, request.here)
    if isinstance(found, Problem):
        only_day = said.day is not None and not said.clocks and said.part is None
        resume = f"{request.before(at)} to" if only_day else ""
        return ask(found.missing, found.text, resume=resume)
    options = [
        Choice(f'"{task}" is due {each.label}', ToolCall(UpdateTask(task=task, due_date=each.at)))
        for each in found
    ]
    if len(options) == 1:
        return Understanding(call=options[0].call)
    return ask(Missing.TIME, "Which of these do you mean?", *options)


def _changed(request: Request, cursor: Cursor) -> Answer:
    """`change ... to ...`, which may be a title."""
    splits = _splits(cursor, "to")
    if not splits:
        return None
    at, behind = splits[0]
    choice = _title(request, cursor, at, behind)
    if isinstance(choice, Problem):
        return ask(choice.missing, choice.text)
    return ask(Missing.MEANING, "Is that its new title?", choice, Choice("No"))


def _noted(request: Request, cursor: Cursor) -> Answer:
    """`a note to ...: text`, `a note “text” to ...`."""
    tokens = request.sentence.tokens
    if cursor.token is not None and cursor.token.quoted:
        joint = cursor.on().take("to", "on", "for")
        if joint is None:
            return None
        task = reference(request, joint.at, len(tokens))
        return _described(task, clean(request.sentence.slice(cursor.at, cursor.at + 1)))
    joint = cursor.take("to", "of", "on", "for")
    if joint is None:
        return None
    splits = _splits(joint, ":", "saying", "that says")
    if not splits and request.cursor.word in ("set", "change", "update", "edit"):
        splits = _splits(joint, "to")
    if not splits:
        task = reference(request, joint.at, len(tokens))
        if isinstance(task, Problem):
            return ask(task.missing, task.text)
        return ask(Missing.MEANING, "What shall the note say?", resume=f"{request.text}:")
    at, behind = splits[0]
    return _described(reference(request, joint.at, at), clean(behind.rest()))


def _described(task: str | Problem, text: str) -> Understanding:
    if isinstance(task, Problem):
        return ask(task.missing, task.text)
    return act(UpdateTask(task=task, description=text))
