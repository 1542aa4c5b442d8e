"""Which answer picks which choice, and which words complete a question."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tasks.chat.answering import chosen, resumed
from tasks.chat.grammar.reading import understand
from tasks.chat.understanding import (
    Choice,
    Missing,
    Question,
    ToolCall,
    Understanding,
    tool_call,
)

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def _call(title: str) -> ToolCall:
    return tool_call("add_task", {"title": title})


TIMES = Question(
    Missing.TIME,
    "Which?",
    (
        Choice('Add "run", due Friday, 12:00 (noon)', _call("noon")),
        Choice('Add "run", due Saturday, 00:00 (midnight)', _call("midnight")),
    ),
)
CONFIRM = Question(Missing.CONFIRMATION, "Shall I?", (Choice("Yes", _call("x")), Choice("No")))


def _title(found: Understanding | None) -> str | None:
    if found is None or found.call is None:
        return None
    return str(found.call.document()["arguments"]["title"])


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("noon", "noon"),
        ("midnight", "midnight"),
        ("1", "noon"),
        ("2", "midnight"),
        ("the second one", "midnight"),
        ("number 1", "noon"),
        ("Saturday", "midnight"),
        ('Add "run", due Friday, 12:00 (noon)', "noon"),
        ("12:00 please", "noon"),
        ("3", None),
        ("0", None),
        ("run", None),
        ("yes", None),
        ("next week", None),
        ("", None),
    ],
)
def test_an_answer_picks_the_choice_that_alone_fits(answer: str, title: str | None) -> None:
    assert _title(chosen(TIMES, answer)) == title


@pytest.mark.parametrize("answer", ["yes", "Yes!", "ok", "Yes, please", "please do", "1", "sure"])
def test_a_yes_is_for_the_only_thing_asked(answer: str) -> None:
    assert _title(chosen(CONFIRM, answer)) == "x"


@pytest.mark.parametrize("answer", ["no", "No.", "never mind", "2", "stop"])
def test_a_no_is_answered_without_a_call(answer: str) -> None:
    found = chosen(CONFIRM, answer)
    assert found is not None and found.ask is not None
    assert "nothing was changed" in found.ask.text


@pytest.mark.parametrize(
    ("resume", "answer", "title"),
    [
        ("add task", "buy milk", "buy milk"),
        ("remind me at 5pm to", "to call mum", "call mum"),
        ("remind me to call mum", "tomorrow at 9", "call mum"),
    ],
)
def test_words_complete_the_sentence(resume: str, answer: str, title: str) -> None:
    question = Question(Missing.TITLE, "What?", resume=resume)
    found = resumed(question, answer, lambda text: understand(text, NOW, ZoneInfo("UTC")))
    assert _title(found) == title


@pytest.mark.parametrize("answer", ["show my tasks", "add buy bread", "delete the milk task"])
def test_a_request_of_its_own_is_not_a_completion(answer: str) -> None:
    question = Question(Missing.TITLE, "What?", resume="add task")
    assert resumed(question, answer, lambda text: understand(text, NOW, ZoneInfo("UTC"))) is None


def test_without_a_sentence_nothing_is_completed() -> None:
    question = Question(Missing.DATE, "Which day?")
    found = resumed(question, "friday", lambda text: understand(text, NOW, ZoneInfo("UTC")))
    assert found is None
