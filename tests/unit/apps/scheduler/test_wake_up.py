"""Whatever asks for sweeps asks again after one failed."""

import asyncio

import pytest

from scheduler.wake_up import IntervalWakeUp


async def test_the_interval_goes_on_when_a_sweep_fails() -> None:
    causes: list[str] = []

    async def sweep(cause: str) -> None:
        causes.append(cause)
        if len(causes) < 3:
            raise (ConnectionError("away"), ZeroDivisionError("bug"))[len(causes) - 1]

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(IntervalWakeUp(0.005).run(sweep), 0.2)
    assert len(causes) > 3
    assert set(causes) == {"interval"}
