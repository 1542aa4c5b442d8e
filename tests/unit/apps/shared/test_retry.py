"""Waiting for something that is still starting."""

import pytest

from todo_shared import retry
from todo_shared.retry import retrying


def test_it_goes_on_until_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry.time, "sleep", lambda _: None)
    left = [OSError("a"), OSError("b")]

    def action() -> str:
        if left:
            raise left.pop()
        return "done"

    assert retrying(action, on=(OSError,), seconds=60, what="it") == "done"


def test_after_the_time_it_raises_the_last_error() -> None:
    def action() -> None:
        raise OSError("still away")

    with pytest.raises(OSError, match="still away"):
        retrying(action, on=(OSError,), seconds=0, what="it")


def test_other_errors_end_it_at_once() -> None:
    def action() -> None:
        raise ValueError

    with pytest.raises(ValueError):
        retrying(action, on=(OSError,), seconds=60, what="it")
