"""What people and programs read about a dead letter."""

from datetime import UTC, datetime, timedelta

import pytest

from todo_shared.dead_letters.letter import DeadLetter
from todo_shared.dead_letters.rendering import age, page, summary, table, whole

NOW = datetime(2030, 1, 2, tzinfo=UTC)


def letter(value: bytes | None, key: bytes | None = b"ann", replayed: bool = False) -> DeadLetter:
    return DeadLetter(
        topic="task.created",
        partition=2,
        offset=17,
        key=key,
        value=value,
        headers=(("reason", b"handler failed"), ("empty", None)),
        arrived=NOW - timedelta(hours=3),
        replayed=replayed,
    )


EVENT = b'{"id": "e-1", "partitionkey": "bob", "data": {"title": "x"}}'


def test_an_event_says_itself_who_it_is_and_whose() -> None:
    found = letter(EVENT)
    assert (found.event_id, found.user) == ("e-1", "bob")
    assert found.answers_to("e-1")
    assert found.answers_to("task.created/2/17")
    assert not found.answers_to("e-2")


@pytest.mark.parametrize("value", [None, b"", b"[1]", b"{", b'{"id": 7, "partitionkey": null}'])
def test_what_is_no_event_is_named_by_its_place_and_key(value: bytes | None) -> None:
    found = letter(value)
    assert (found.event_id, found.user) == (None, "ann")
    assert not found.answers_to("None")
    assert letter(value, key=None).user is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (-5, "0 s"), (59, "59 s"), (60, "1 min"), (7199, "1 h"), (200_000, "2 d")],
)
def test_an_age_is_told_in_its_largest_unit(seconds: int, text: str) -> None:
    assert age(seconds) == text


def test_a_table_has_aligned_columns() -> None:
    rows = [summary(each, NOW) for each in (letter(EVENT), letter(b"?", None, True))]
    heading, first, second = table(rows).splitlines()
    assert heading.index("USER") == first.index("bob")
    assert first.split()[:8] == ["task.created", "2", "17", "e-1", "bob", "3", "h", "no"]
    assert first.endswith("reason=handler failed empty=")
    assert second.split()[3:8] == ["-", "-", "3", "h", "yes"]


def test_a_page_ends_with_the_event() -> None:
    head, _, body = page(letter(EVENT), NOW).partition("\n\n")
    assert "position: task.created/2/17" in head
    assert "header reason: handler failed" in head
    assert "(3 h ago)" in head
    assert '"title": "x"' in body
    assert page(letter(b"plain"), NOW).endswith("\n\nplain")


def test_programs_get_the_event_as_it_is() -> None:
    told = whole(letter(EVENT), NOW)
    assert told["event"]["data"] == {"title": "x"}
    assert told["age_seconds"] == 3 * 3600
    assert told["failure"] == {"reason": "handler failed", "empty": ""}
    assert "event" not in summary(letter(EVENT), NOW)
    assert whole(letter(b"\xff"), NOW)["base64"] == "/w=="
