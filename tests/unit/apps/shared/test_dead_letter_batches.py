"""Replay in batches: bounded in number and in bytes, none left out, order kept."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from todo_shared.dead_letters.letter import DeadLetter
from todo_shared.dead_letters.replay import BATCH, BATCH_BYTES, ReplayIncompleteError, replay

MEGABYTE = b"x" * 1024 * 1024


def letters(number: int, value: bytes = b"{}") -> list[DeadLetter]:
    arrived = datetime(2030, 1, 1, tzinfo=UTC)
    return [DeadLetter("t.ed", 0, at, b"k", value, (), arrived, False) for at in range(number)]


class Recorder:
    """Stands where producer and log stand, and takes down the order of their calls."""

    def __init__(self, refuse_from: int | None = None) -> None:
        self.calls: list[tuple[str, list[int]]] = []
        self._refuse_from = refuse_from

    def publish(self, batch: Sequence[DeadLetter]) -> tuple[list[DeadLetter], str]:
        self.calls.append(("publish", [letter.offset for letter in batch]))
        end = self._refuse_from
        taken = [letter for letter in batch if end is None or letter.offset < end]
        return taken, "no leader"

    def mark(self, batch: Sequence[DeadLetter]) -> None:
        self.calls.append(("mark", [letter.offset for letter in batch]))


def run(given: list[DeadLetter], recorder: Any) -> list[int]:
    return [letter.offset for letter in replay(given, recorder, recorder)]


def test_each_batch_is_recorded_before_the_next_is_sent() -> None:
    recorder = Recorder()
    assert run(letters(BATCH + 1), recorder) == list(range(BATCH + 1))
    first, last = list(range(BATCH)), [BATCH]
    assert recorder.calls == [
        ("publish", first),
        ("mark", first),
        ("publish", last),
        ("mark", last),
    ]


def test_large_letters_make_small_batches() -> None:
    recorder = Recorder()
    run(letters(20, MEGABYTE), recorder)
    sizes = [len(offsets) for verb, offsets in recorder.calls if verb == "publish"]
    assert sizes == [8, 8, 4]
    assert 8 * len(MEGABYTE) == BATCH_BYTES


def test_what_went_through_is_recorded_before_the_failure_is_told() -> None:
    recorder = Recorder(refuse_from=2)
    sent = replay(letters(5), recorder, recorder)  # type: ignore[arg-type]
    assert [next(sent).offset, next(sent).offset] == [0, 1]
    with pytest.raises(ReplayIncompleteError, match=r"3 letters were not taken \(no leader\)"):
        next(sent)
    assert recorder.calls == [("publish", [0, 1, 2, 3, 4]), ("mark", [0, 1])]


def test_when_nothing_went_through_nothing_is_recorded() -> None:
    recorder = Recorder(refuse_from=0)
    with pytest.raises(ReplayIncompleteError):
        run(letters(1), recorder)
    assert recorder.calls == [("publish", [0])]


def test_a_replayed_letter_says_so() -> None:
    recorder: Any = Recorder()
    assert [letter.replayed for letter in replay(letters(2), recorder, recorder)] == [True, True]
