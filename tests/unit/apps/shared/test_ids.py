"""Ids: time-ordered when new, the same for the same cause."""

from hypothesis import given
from hypothesis import strategies as st

from todo_shared.ids import derived, uuid7

parts = st.lists(st.text(), min_size=1, max_size=4)


def test_a_new_id_is_a_version_7_uuid() -> None:
    made = uuid7()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")


def test_new_ids_begin_with_the_clock() -> None:
    stamps = [uuid7().int >> 80 for _ in range(50)]
    assert stamps == sorted(stamps)


@given(parts)
def test_the_same_cause_gives_the_same_id(cause: list[str]) -> None:
    assert derived(*cause) == derived(*cause)


@given(parts, parts)
def test_different_causes_give_different_ids(one: list[str], other: list[str]) -> None:
    assert (derived(*one) == derived(*other)) == (one == other)
