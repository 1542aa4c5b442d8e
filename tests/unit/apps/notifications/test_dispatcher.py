"""The dispatcher where a database cannot show it: clocks, leases and programming errors."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from notifications.dispatcher import Dispatcher
from notifications.models.attempt import Attempt, Outcome, Settlement
from notifications.models.delivery import Message
from notifications.models.recipient import Channel, Recipient
from notifications.repository.queue import Backlog
from notifications.settings import DeliverySettings
from todo_shared.errors import UnavailableError
from todo_shared.ids import uuid7

SETTINGS = DeliverySettings(
    delivery_send_seconds=0.1, delivery_lease_seconds=0.3, delivery_sweep_seconds=0.05
)


def attempt(number: int, user: str = "ann") -> Attempt:
    now = datetime.now(UTC)
    message = Message(uuid7(), "t", user, "email", "s", "b", number, "", now)
    return Attempt(number, 1, 6, message, Recipient(user, Channel.EMAIL), canceled=False)


@dataclass
class Queue:
    """Gives out `waiting` once, in one piece; keeps what is settled."""

    waiting: list[Attempt]
    settled: list[Settlement] = field(default_factory=list)
    taking: list[Exception] = field(default_factory=list)
    settling: list[Exception] = field(default_factory=list)

    async def take(self, channel: Channel, lines: int, lease_seconds: float) -> list[Attempt]:
        if self.taking:
            raise self.taking.pop()
        taken, self.waiting = self.waiting, []
        return taken

    async def settle(self, settlements: Sequence[Settlement]) -> set[int]:
        if self.settling:
            raise self.settling.pop()
        self.settled += settlements
        return {each.attempt.delivery_id for each in settlements}

    async def backlog(self, channel: Channel) -> Backlog:
        return Backlog(0, 0.0)

    def outcomes(self) -> list[tuple[int, Outcome]]:
        return sorted((each.attempt.delivery_id, each.outcome) for each in self.settled)


@dataclass
class Sender:
    """Takes `seconds` for each message, or fails."""

    seconds: float = 0.0
    error: Exception | None = None
    sent: list[int] = field(default_factory=list)

    async def send(self, attempt: Attempt, address: str) -> None:
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        self.sent.append(attempt.delivery_id)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for it, at most 60 s."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for knows no event
            await asyncio.sleep(0.01)


async def run(queue: Queue, sender: Sender, count: int) -> None:
    """Dispatch until `count` outcomes are written down."""
    dispatcher = Dispatcher(Channel.EMAIL, queue, sender, SETTINGS)
    running = asyncio.create_task(dispatcher.run())
    await until(lambda: len(queue.settled) >= count)
    dispatcher.stop()
    await running


async def test_a_line_is_released_when_its_lease_may_not_last() -> None:
    queue, sender = Queue([attempt(n) for n in range(1, 7)]), Sender(seconds=0.09)
    await run(queue, sender, 6)
    outcomes = [outcome for _, outcome in queue.outcomes()]
    assert outcomes.count(Outcome.SENT) == len(sender.sent) < 6
    assert outcomes == sorted(outcomes, key=lambda each: each is Outcome.RELEASED)


async def test_a_sender_that_hangs_is_cut_off() -> None:
    queue = Queue([attempt(1)])
    await run(queue, Sender(seconds=60), 1)
    assert queue.outcomes() == [(1, Outcome.AGAIN)]
    assert queue.settled[0].reason == "TimeoutError"


async def test_a_bug_in_a_sender_is_an_attempt_that_failed() -> None:
    queue = Queue([attempt(1), attempt(2, "bob")])
    await run(queue, Sender(error=KeyError("oops\x00")), 2)
    assert [each.reason for each in queue.settled] == ["'oops\\x00'"] * 2
    assert {outcome for _, outcome in queue.outcomes()} == {Outcome.AGAIN}


async def test_neither_a_database_that_is_away_nor_a_bug_ends_it() -> None:
    queue = Queue(
        [attempt(1)],
        taking=[UnavailableError("away"), ValueError("bug")],
        settling=[UnavailableError("away")],
    )
    await run(queue, Sender(), 1)
    assert queue.outcomes() == [(1, Outcome.SENT)]


async def test_outcomes_that_nobody_takes_are_given_up_after_the_lease() -> None:
    queue = Queue([attempt(1)], settling=[ValueError("bug")] * 3)
    dispatcher = Dispatcher(Channel.EMAIL, queue, Sender(), SETTINGS)
    running = asyncio.create_task(dispatcher.run())
    await until(lambda: len(queue.settling) <= 1)
    dispatcher.stop()
    await running
    assert queue.settled == []


async def test_a_stop_waits_only_so_long_for_a_send_and_leaves_its_outcome_open() -> None:
    queue, sender = Queue([attempt(1), attempt(2)]), Sender(seconds=60)
    settings = SETTINGS.model_copy(
        update={"delivery_send_seconds": 30.0, "delivery_lease_seconds": 60.0}
        | {"delivery_stop_seconds": 0.1}
    )
    dispatcher = Dispatcher(Channel.EMAIL, queue, sender, settings)
    running = asyncio.create_task(dispatcher.run())
    await until(lambda: not queue.waiting)
    await asyncio.sleep(0.1)
    dispatcher.stop()
    await asyncio.wait_for(running, 60)
    assert queue.outcomes() == [(2, Outcome.RELEASED)]
