"""Requests to see tasks. Every word must be understood, or it is no such request."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from tasks.chat.grammar.dates import day
from tasks.chat.grammar.day_arithmetic import month_after
from tasks.chat.grammar.offsets import span
from tasks.chat.grammar.present import Present
from tasks.chat.grammar.request import Answer, Request
from tasks.chat.grammar.titles import clean
from tasks.chat.grammar.tokens import Cursor
from tasks.chat.grammar.vocabulary import words
from tasks.chat.tools import ListRecurringTasks, ListTasks
from tasks.chat.understanding import Choice, Missing, ToolCall, act, ask
from todo_shared.models import TaskStatus

_LEADS: Final = (
    *("show", "list", "display", "view", "see", "get", "give", "tell", "read out", "find"),
    *(
        "search",
        "look up",
        "check",
        "what's",
        "what is",
        "what are",
        "what do i have",
        "what have i",
    ),
    *("what", "which", "do i have", "have i got", "is there", "are there", "anything", "how many"),
    *("where are", "print", "look for", "open", "pull up"),
)
_NOUNS: Final = frozenset(
    words(
        "task tasks todo todos list item items thing things anything everything agenda plate "
        "chores work due overdue"
    )
)
_NOISE: Final = frozenset(
    words(
        "the my all of me a any that are is i have do to still left there currently got which in "
        "on for need must should we you us up out be been yet every coming , and what with - dos "
        "does look like right now will has"
    )
)
_PENDING: Final = frozenset(
    words("open pending unfinished incomplete outstanding remaining undone active uncompleted")
)
_COMPLETED: Final = frozenset(["done", "completed", "finished", "complete", "closed"])
_RECURRING: Final = frozenset(words("recurring repeating repeat repeats recurrent recur series"))
_QUERY: Final = ("about", "containing", "mentioning", "matching", "regarding", "called", "named")
_OVERDUE: Final = frozenset({"overdue", "late"})
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was read so far."""

    status: TaskStatus | None = None
    due_after: datetime | None = None
    due_before: datetime | None = None
    query: str | None = None
    recurring: bool = False
    reminders: bool = False
    noun: bool = False


def listing(request: Request) -> Answer:
    """`show my open tasks for today`, `what is due this week`; None when it is no such request."""
    start = request.cursor
    rest = start.skip(*_LEADS)
    led = rest is not start
    seen: _Seen | None = _Seen()
    while not rest.done:
        step = _piece(seen, rest, request.here)
        if step is None:
            return None
        seen, rest = step
    if not seen.noun and not (led and (seen.due_after or seen.due_before)):
        return None
    if seen.reminders:
        return ask(
            Missing.SUPPORT,
            "I can show tasks and recurring tasks; their reminders are with them.",
            Choice("Show my tasks", ToolCall(ListTasks())),
            Choice("Show my recurring tasks", ToolCall(ListRecurringTasks())),
        )
    if seen.recurring:
        return act(ListRecurringTasks(query=seen.query))
    return act(
        ListTasks(
            status=seen.status,
            due_after=seen.due_after,
            due_before=seen.due_before,
            query=seen.query,
        )
    )


def _piece(seen: _Seen, cursor: Cursor, here: Present) -> tuple[_Seen, Cursor] | None:
    if (found := _filter(seen, cursor, here)) is not None:
        return found
    if cursor.token is not None and cursor.token.quoted and seen.noun:
        text = clean(cursor.sentence.slice(cursor.at, cursor.at + 1))
        return replace(seen, query=text or None), cursor.on()
    if (behind := cursor.take(*_QUERY)) is not None and not behind.done and seen.noun:
        end = Cursor(cursor.sentence, len(cursor.sentence.tokens))
        return replace(seen, query=clean(behind.skip("the", "my").rest())[:200] or None), end
    if (found := _range(cursor, here)) is not None:
        due_after, due_before, rest = found
        return replace(seen, due_after=due_after, due_before=due_before), rest
    return (seen, cursor.on()) if cursor.word in _NOISE else None


def _filter(seen: _Seen, cursor: Cursor, here: Present) -> tuple[_Seen, Cursor] | None:
    word, rest = cursor.word, cursor.on()
    if behind := cursor.take("not done yet", "not done", "not yet done", "not finished", "to do"):
        return replace(seen, status=TaskStatus.PENDING, noun=True), behind
    changes: dict[str, Any] = {}
    if word in _OVERDUE:
        changes = {"status": TaskStatus.PENDING, "due_before": here.now, "noun": True}
    elif word in _PENDING:
        changes = {"status": TaskStatus.PENDING}
    elif word in _COMPLETED:
        changes = {"status": TaskStatus.COMPLETED}
    elif word in _RECURRING:
        changes = {"recurring": True, "noun": True}
    elif word in ("reminder", "reminders"):
        changes = {"reminders": True, "noun": True}
    elif word in _NOUNS:
        changes = {"noun": True}
    return (replace(seen, **changes), rest) if changes else None


Range = tuple[datetime | None, datetime, Cursor]


def _range(cursor: Cursor, here: Present) -> Range | None:
    monday = here.today - timedelta(days=here.today.weekday())
    month = here.today.replace(day=1)
    saturday = monday + timedelta(days=5)
    spans: tuple[tuple[str, date, date], ...] = (
        ("this week", monday, monday + 7 * _DAY),
        ("next week", monday + 7 * _DAY, monday + 14 * _DAY),
        ("this weekend", saturday, monday + 7 * _DAY),
        ("the weekend", saturday, monday + 7 * _DAY),
        ("this month", month, month_after(month, 1)),
        ("next month", month_after(month, 1), month_after(month, 2)),
    )
    for phrase, first, last in spans:
        if (rest := cursor.take(phrase)) is not None:
            return here.at(first, time()), here.at(last, time()), rest
    if (behind := cursor.take("in the next", "within the next", "over the next")) is not None:
        length = span(behind)
        if length is not None and length[0].days:
            return here.now, here.at(here.today + (length[0].days + 1) * _DAY, time()), length[1]
    if (rest := cursor.take("tonight")) is not None:
        return here.at(here.today, time(18)), here.at(here.today + _DAY, time()), rest
    return _one_day(cursor, here)


def _one_day(cursor: Cursor, here: Present) -> Range | None:
    found = day(cursor, here.today, introduced=cursor.word == "until")
    if found is None or not found[0].options:
        return None
    first = found[0].options[0]
    if cursor.take("by", "due by", "until", "no later than") is not None:
        return None, here.at(first + _DAY, time()), found[1]
    if cursor.take("before") is not None:
        return None, here.at(first, time()), found[1]
    return here.at(first, time()), here.at(first + _DAY, time()), found[1]
