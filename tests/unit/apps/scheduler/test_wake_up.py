"""Whatever asks for sweeps asks again after one failed."""

import asyncio

import pytest

from scheduler.wake_up import IntervalWakeUp


async def test_the_interval_goes_on_when_a_sweep_fails() -> None:
    causes: list[str] = []
    went_on = asyncio.Event()

    async def sweep(cause: str) -> None:
        causes.append(cause)
        if len(causes) < 3:
            raise (ConnectionError("away"), ZeroDivisionError("bug"))[len(causes) - 1]
        if len(causes) > 3:
            went_on.set()

    running = asyncio.create_task(IntervalWakeUp(0.005).run(sweep))
    await asyncio.wait_for(went_on.wait(), 60)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert set(causes) == {"interval"}
