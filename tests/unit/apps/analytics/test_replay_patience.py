"""A rebuild repeats what a database in trouble refused, and says how to go on when it stays so."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from analytics.rebuild import replay
from analytics.rebuild.replay import NothingRetainedError, rebuild
from todo_shared.errors import UnavailableError
from todo_shared.topic_reader import Extent


class Reader:
    """One partition with something in it, of which nothing can be read."""

    def __init__(self, end: int) -> None:
        self._end = end

    def extents(self, _: object) -> list[Extent]:
        return [Extent("task.created", 0, 0, self._end, -1, None)]


class Repository:
    """Refuses to begin so many times, then ends the test."""

    def __init__(self, errors: list[Exception]) -> None:
        self.errors = errors

    async def begin(self) -> None:
        raise self.errors.pop(0)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "_PAUSES", (0.0, 0.0, 0.0))


def _running(errors: list[Exception], end: int = 1) -> Callable[[], Awaitable[object]]:
    repository: Any = Repository(errors)
    reader: Any = Reader(end)
    return lambda: rebuild(repository, reader, "", switch=True)


async def test_what_passes_by_itself_is_repeated() -> None:
    errors: list[Exception] = [ConnectionError("reset"), TimeoutError(), KeyError("reached")]
    with pytest.raises(KeyError, match="reached"):
        await _running(errors)()
    assert errors == []


async def test_what_does_not_pass_says_to_run_it_again() -> None:
    errors: list[Exception] = [TimeoutError() for _ in range(5)]
    with pytest.raises(UnavailableError, match="run it again"):
        await _running(errors)()
    assert len(errors) == 1


async def test_the_last_attempt_tells_what_is_wrong_for_good() -> None:
    errors: list[Exception] = [TimeoutError(), TimeoutError(), TimeoutError(), KeyError("wrong")]
    with pytest.raises(KeyError, match="wrong"):
        await _running(errors)()


async def test_nothing_is_begun_when_nothing_is_kept() -> None:
    errors: list[Exception] = [KeyError("begun")]
    with pytest.raises(NothingRetainedError):
        await _running(errors, end=0)()
    assert len(errors) == 1
