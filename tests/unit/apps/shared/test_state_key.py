"""No user id can be written so that it reaches another user's key."""

from hypothesis import given
from hypothesis import strategies as st

from todo_shared.dapr import state_key

Words = st.text(min_size=1, max_size=12)


def test_an_ordinary_key_reads_as_it_is_written() -> None:
    assert state_key("conversation", "user-1", "c-9") == "conversation:user-1:c-9"
    assert state_key("user", "a@b.example", "x") == "user:a@b.example:x"


@given(Words, Words, Words, Words)
def test_other_parts_make_another_key(user: str, key: str, other: str, other_key: str) -> None:
    made = state_key("conversation", user, key)
    assert (made == state_key("conversation", other, other_key)) == (
        (user, key) == (other, other_key)
    )
    assert "||" not in made
    assert made.count(":") == 2
