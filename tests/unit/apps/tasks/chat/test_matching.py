"""Which task a reference means."""

import pytest

from tasks.chat.executor import AmbiguousTaskError, Candidate
from tasks.chat.matching import match_task
from todo_shared.errors import NotFoundError

TASKS = [
    Candidate(id="1", title="Buy milk"),
    Candidate(id="2", title="Buy oat milk"),
    Candidate(id="3", title="Call Zoë about the café"),
]


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("1", "1"),
        ("buy milk", "1"),
        ("BUY OAT MILK!", "2"),
        ("oat", "2"),
        ("zoë", "3"),
        ("the café", "3"),
    ],
)
def test_the_id_the_title_or_words_of_one_title_are_enough(reference: str, found: str) -> None:
    assert match_task(reference, TASKS).id == found


@pytest.mark.parametrize("reference", ["milk", "buy"])
def test_words_of_several_titles_are_not(reference: str) -> None:
    with pytest.raises(AmbiguousTaskError, match="Buy milk") as several:
        match_task(reference, TASKS)
    assert [each.id for each in several.value.candidates] == ["1", "2"]


@pytest.mark.parametrize("reference", ["bread", "mil", "4", "*", "%", "...", "buy milk bread"])
def test_nothing_is_meant_by_other_words(reference: str) -> None:
    with pytest.raises(NotFoundError):
        match_task(reference, TASKS)


def test_two_tasks_of_one_title_are_told_apart_by_id() -> None:
    twins = [Candidate(id="8", title="run"), Candidate(id="9", title="run")]
    with pytest.raises(AmbiguousTaskError):
        match_task("run", twins)
    assert match_task("9", twins).id == "9"
