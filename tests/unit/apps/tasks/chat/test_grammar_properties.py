"""What holds for any text: no failure, no change without a command, no time in the past."""

import random
import re
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))  # test-only modules of this folder

from corpus import Phrase, phrases

from tasks.chat.grammar.reading import MAX_CHARACTERS, understand
from tasks.chat.tools import AddTask, CreateRecurringTask, SetReminder, UpdateTask
from tasks.chat.understanding import Choice, ToolCall, Understanding

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]
CORPUS = [phrase for several in phrases("phrases").values() for phrase in several]
WORDS = sorted({word for phrase in CORPUS for word in phrase.say.split()})
COMMANDS = {
    *("add", "create", "make", "set", "new", "put", "note", "todo", "task", "schedule", "remind"),
    *("reminder", "alert", "notify", "ping", "nudge", "don't", "do", "complete", "check", "tick"),
    *("cross", "strike", "i", "i'm", "i've", "we", "we're", "done", "finished", "mark", "flag"),
    *("rename", "retitle", "change", "update", "edit", "move", "reschedule", "postpone", "push"),
    *("delay", "shift", "defer", "bring", "attach", "write", "cancel", "remove", "delete", "stop"),
    *("clear", "turn", "switch", "disable", "dismiss", "drop", "get", "unset", "no", "never"),
    *("quit", "the", "my", "send", "give", "jot", "log", "record", "insert", "enter", "save"),
}
QUIET = [word for word in WORDS if not set(re.findall(r"[\w']+", word.lower())) & COMMANDS]
Moments = st.datetimes(
    min_value=datetime(2026, 1, 1), max_value=datetime(2031, 1, 1), timezones=st.just(UTC)
)
Zones = st.sampled_from([ZoneInfo(name) for name in ZONES])
Sentences = st.lists(st.sampled_from(WORDS), min_size=1, max_size=14).map(" ".join)


def _calls(found: Understanding) -> list[ToolCall]:
    if found.call is not None:
        return [found.call]
    choices: tuple[Choice, ...] = found.ask.choices if found.ask else ()
    return [choice.call for choice in choices if choice.call is not None]


def _times(call: ToolCall) -> list[datetime]:
    match call.arguments:
        case AddTask(due_date=moment) | UpdateTask(due_date=moment) | SetReminder(remind_at=moment):
            return [moment] if moment is not None else []
        case _:
            return []


@given(st.text(max_size=MAX_CHARACTERS + 50), Moments, Zones)
@settings(max_examples=200)
def test_any_text_is_understood_or_asked_about(text: str, now: datetime, zone: ZoneInfo) -> None:
    assert understand(text, now, zone) == understand(text, now, zone)


@given(Sentences, Moments, Zones)
@settings(max_examples=400)
def test_what_is_understood_or_offered_lies_ahead(text: str, now: datetime, zone: ZoneInfo) -> None:
    for call in _calls(understand(text, now, zone)):
        assert all(moment > now for moment in _times(call)), call
        if isinstance(call.arguments, CreateRecurringTask):
            starts = call.arguments.starts_at.replace(tzinfo=zone)
            assert starts > now, call


@given(st.lists(st.sampled_from(QUIET), min_size=1, max_size=14).map(" ".join), Moments)
@settings(max_examples=400)
def test_without_a_command_nothing_is_changed(text: str, now: datetime) -> None:
    found = understand(text, now, ZoneInfo("UTC"))
    assert found.call is None or not found.call.changes_data, found


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters='"“”«»'), max_size=80))
@settings(max_examples=200)
def test_a_title_in_quotation_marks_is_kept_word_by_word(title: str) -> None:
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    found = understand(f'add "{title}"', now, ZoneInfo("UTC"))
    if found.call is not None:
        assert isinstance(found.call.arguments, AddTask)
        kept = "".join(found.call.arguments.title.split())
        assert kept in "".join(unicodedata.normalize("NFC", title).split())
        assert found.call.arguments.due_date is None


@pytest.mark.parametrize("phrase", [p for p in CORPUS if p.rule], ids=lambda phrase: phrase.say)
def test_a_rule_begins_with_its_first_date(phrase: Phrase) -> None:
    call = phrase.call
    assert call is not None
    assert isinstance(call.arguments, CreateRecurringTask)
    first = call.arguments.recurrence().first()
    assert first is not None and first.local == call.arguments.starts_at
    assert first.instant > phrase.now


def test_mixed_up_phrases_are_survived() -> None:
    chance = random.Random(20261120)
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    for _ in range(1500):
        one, two = (chance.choice(CORPUS).say.split() for _ in range(2))
        text = " ".join(one[: chance.randint(0, len(one))] + two[chance.randint(0, len(two)) :])
        for call in _calls(understand(text, now, ZoneInfo("Europe/Berlin"))):
            assert all(moment > now for moment in _times(call)), text
