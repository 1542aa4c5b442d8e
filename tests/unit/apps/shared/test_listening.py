"""No wait for the database is without end, not even one that will not be cancelled."""

import asyncio

import pytest

from todo_shared.listening import within


class Connection:
    def __init__(self) -> None:
        self.ended = False

    def terminate(self) -> None:
        self.ended = True


async def stubborn(release: asyncio.Event, result: object = None) -> object:
    while not release.is_set():
        try:
            await release.wait()
        except asyncio.CancelledError:
            continue
    return result


async def test_an_answer_in_time_is_given() -> None:
    assert await within(30, asyncio.sleep(0, "rows")) == "rows"


async def test_an_error_in_time_is_raised() -> None:
    async def refuse() -> None:
        raise OSError("refused")

    with pytest.raises(OSError, match="refused"):
        await within(30, refuse())


async def test_what_cannot_be_cancelled_is_left_behind() -> None:
    release = asyncio.Event()
    with pytest.raises(TimeoutError, match=r"no answer within 0\.01 s"):
        await within(0.01, stubborn(release))
    release.set()


async def test_a_connection_that_comes_too_late_is_ended() -> None:
    release, late = asyncio.Event(), Connection()
    with pytest.raises(TimeoutError):
        await within(0.01, stubborn(release, late))
    assert not late.ended
    release.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert late.ended


async def test_who_stops_waiting_cancels_what_was_waited_for() -> None:
    begun, seen = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            seen.set()
            raise

    waiting = asyncio.create_task(within(3600, work()))
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.wait_for(seen.wait(), 30)
