"""Group commit: what arrives while a batch is at work is the next batch, together.

Under little load each call is a batch of its own and waits for nothing; under much load the cost of
a transaction is shared by all that came during the one before.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class GroupCommit(Generic[T, R]):
    """Calls `work` with the items of several callers, one call at a time, in order of arrival.

    `work` gives one result for each item; what it raises, all callers of that batch get. A batch
    takes no further caller once it holds `most` items. A caller that is cancelled takes nothing
    back: its items are worked on with the others'.
    """

    def __init__(self, work: Callable[[list[T]], Awaitable[Sequence[R]]], most: int) -> None:
        self._work = work
        self._most = most
        self._waiting: list[tuple[Sequence[T], asyncio.Future[Sequence[R]]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def __call__(self, items: Sequence[T]) -> Sequence[R]:
        """The results of `items`, in their order."""
        answer: asyncio.Future[Sequence[R]] = asyncio.get_running_loop().create_future()
        self._waiting.append((items, answer))
        if self._worker is None:
            self._worker = asyncio.create_task(self._work_off(), name="group-commit")
        return await answer

    async def stop(self) -> None:
        """Cancel what is at work and all who wait; returns when nothing of it runs any more."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
        for _, answer in self._waiting:
            answer.cancel()
        self._waiting.clear()

    async def _work_off(self) -> None:
        while self._waiting:
            await self._commit(self._next())
        self._worker = None

    def _next(self) -> list[tuple[Sequence[T], asyncio.Future[Sequence[R]]]]:
        size = taken = 0
        while taken < len(self._waiting) and (taken == 0 or size < self._most):
            size += len(self._waiting[taken][0])
            taken += 1
        batch, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return batch

    async def _commit(self, batch: list[tuple[Sequence[T], asyncio.Future[Sequence[R]]]]) -> None:
        try:
            results = await self._work([item for items, _ in batch for item in items])
        except Exception as error:
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        except asyncio.CancelledError:
            for _, answer in batch:
                answer.cancel()
            raise
        begin = 0
        for items, answer in batch:
            if not answer.done():
                answer.set_result(results[begin : begin + len(items)])
            begin += len(items)
