"""How far letters were replayed: never further than it is true, whatever the record lost."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from todo_shared.dead_letters.progress import Progress

offsets = st.sets(st.integers(0, 300))


@given(offsets, offsets)
def test_exactly_what_was_replayed_counts_as_replayed(first: set[int], second: set[int]) -> None:
    progress = Progress().with_replayed(first).with_replayed(second)
    assert {at for at in range(400) if progress.includes(at)} == first | second
    assert not progress.includes(progress.next)


@given(offsets)
def test_the_record_tells_the_same_progress(replayed: set[int]) -> None:
    progress = Progress().with_replayed(replayed)
    assert Progress.read(progress.next, progress.metadata()) == progress


def test_the_record_is_short_and_readable() -> None:
    progress = Progress().with_replayed([0, 1, 4, 5, 6, 9])
    assert (progress.next, progress.metadata()) == (2, "4-6,9")


@given(st.integers())
def test_a_record_that_would_be_too_long_forgets_and_invents_nothing(seed: int) -> None:
    progress = Progress().with_replayed(Random(seed).sample(range(10_000, 99_999), 1000))
    text = progress.metadata()
    known = Progress.read(progress.next, text)
    assert 3900 < len(text) <= 4000
    assert known.beyond <= progress.beyond
    assert known.next == progress.next == 0


def test_letters_that_expired_need_no_replay() -> None:
    progress = Progress().with_replayed([5, 7]).from_first(5)
    assert (progress.next, progress.beyond) == (6, {7})
    assert Progress(9).from_first(5) == Progress(9)


def test_without_a_record_nothing_was_replayed() -> None:
    assert Progress.read(-1001, None) == Progress(0)
    assert Progress.read(4, "") == Progress.read(4, None) == Progress(4)


@given(st.text(max_size=20))
def test_metadata_of_somebody_else_is_no_reason_to_fail(text: str) -> None:
    assert Progress.read(4, text).includes(3)


def test_a_record_that_repeats_what_lies_before_it_is_understood() -> None:
    assert Progress.read(4, "2-5,8") == Progress(6, frozenset({8}))
