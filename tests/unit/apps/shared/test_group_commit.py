"""What several callers ask at once is one piece of work, and each gets its own results."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todo_shared.group_commit import GroupCommit


class Work:
    """Doubles numbers, one batch at a time, each when it is let."""

    def __init__(self, most: int = 100) -> None:
        self.batches: list[list[int]] = []
        self.allowed = asyncio.Semaphore(0)
        self.at_work = 0
        self.group = GroupCommit(self.double, most)

    async def double(self, items: list[int]) -> Sequence[int]:
        self.at_work += 1
        assert self.at_work == 1
        self.batches.append(items)
        await self.allowed.acquire()
        self.at_work -= 1
        if 13 in items:
            raise ZeroDivisionError
        return [2 * item for item in items]

    async def ask(self, *callers: list[int]) -> list[asyncio.Task[Sequence[int]]]:
        tasks = [asyncio.create_task(self.group(items)) for items in callers]
        await asyncio.sleep(0)  # each has asked
        await asyncio.sleep(0)  # the first of them is at work
        return tasks


async def test_what_comes_meanwhile_is_the_next_batch_together() -> None:
    work = Work()
    tasks = await work.ask([1])
    tasks += await work.ask([2, 3], [4])
    work.allowed.release()
    work.allowed.release()
    assert await asyncio.gather(*tasks) == [[2], [4, 6], [8]]
    assert work.batches == [[1], [2, 3, 4]]


async def test_a_batch_that_is_full_takes_no_further_caller() -> None:
    work = Work(most=3)
    tasks = await work.ask([1])
    tasks += await work.ask([2, 3], [4, 5], [6])
    for _ in range(3):
        work.allowed.release()
    await asyncio.gather(*tasks)
    assert work.batches == [[1], [2, 3, 4, 5], [6]]


async def test_a_failure_is_that_of_all_callers_of_its_batch_and_of_no_other() -> None:
    work = Work()
    tasks = await work.ask([1])
    tasks += await work.ask([13], [2])
    work.allowed.release()
    work.allowed.release()
    first, second, third = await asyncio.gather(*tasks, return_exceptions=True)
    assert first == [2]
    assert isinstance(second, ZeroDivisionError)
    assert second is third
    work.allowed.release()
    assert await work.group([7]) == [14]


async def test_a_caller_that_goes_away_takes_nothing_back() -> None:
    work = Work()
    tasks = await work.ask([1])
    gone, stays = await work.ask([2], [3])
    gone.cancel()
    work.allowed.release()
    work.allowed.release()
    assert await asyncio.gather(tasks[0], stays) == [[2], [6]]
    assert work.batches == [[1], [2, 3]]
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_a_stop_cancels_the_work_and_all_who_wait_and_work_can_begin_again() -> None:
    work = Work()
    tasks = await work.ask([1])
    tasks += await work.ask([2])
    await work.group.stop()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(answer) for answer in answers] == [asyncio.CancelledError] * 2
    assert work.batches == [[1]]
    work.at_work = 0
    work.allowed.release()
    assert await work.group([7]) == [14]


async def test_a_stop_also_ends_what_had_no_time_to_begin() -> None:
    work = Work()
    task = asyncio.create_task(work.group([1]))
    await asyncio.sleep(0)  # it has asked, and nobody is at work yet
    await work.group.stop()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.batches == []
    work.allowed.release()
    assert await work.group([7]) == [14]


@given(st.lists(st.lists(st.integers(14, 99), max_size=4), max_size=20), st.integers(1, 10))
def test_each_caller_gets_the_results_of_its_own_items(calls: list[list[int]], most: int) -> None:
    async def play() -> None:
        work = Work(most)
        for _ in calls:
            work.allowed.release()
        answers = await asyncio.gather(*(work.group(items) for items in calls))
        assert answers == [[2 * item for item in items] for items in calls]
        assert [item for batch in work.batches for item in batch] == [
            item for items in calls for item in items
        ]

    asyncio.run(play())
