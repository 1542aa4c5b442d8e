"""Notifications arrive live, and a reader who was away misses none."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from notification_stack import Stack, canceled, created, notification_stack, triggered
from postgres import PostgresServer
from running_app import eventually

from notifications.live import LiveStreams
from notifications.repository.signals import Signal, mark_of
from todo_shared.errors import UnavailableError


@pytest.fixture
async def stack(notifications_url: str) -> AsyncIterator[Stack]:
    """Two replicas: what one records is seen on streams of the other."""
    async with notification_stack(notifications_url, replicas=2) as running:
        yield running


@dataclass
class Reader:
    """What arrived on a stream."""

    events: list[dict[str, Any]] = field(default_factory=list)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    last_id: str = ""

    @property
    def tasks(self) -> list[str]:
        return [event["task_id"] for event in self.events]

    async def read(self, client: httpx.AsyncClient, **arguments: Any) -> None:
        async with client.stream("GET", "/notifications/stream", timeout=60, **arguments) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            kind = ""
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "id":
                    self.last_id = value
                elif name == "data" and kind == "notification":
                    self.events.append(json.loads(value))
                if kind == "open" and not line:
                    self.opened.set()


@asynccontextmanager
async def reading(
    stack: Stack, user: str, *, replica: int = 1, **arguments: Any
) -> AsyncIterator[Reader]:
    """A reader while the block runs; then it goes away."""
    reader = Reader()
    async with stack.service(user, replica) as client:
        task = asyncio.create_task(reader.read(client, **arguments))
        try:
            await asyncio.wait_for(reader.opened.wait(), 60)
            yield reader
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_notification_arrives_live_for_its_user_only(stack: Stack) -> None:
    await stack.hand_on(created("before"))
    async with reading(stack, "ann") as ann, reading(stack, "bob") as bob:
        await stack.hand_on(triggered("r1"), triggered("r2", user="bob"))
        await eventually(lambda: ann.events and bob.events)
        await stack.hand_on(created("t3"))
        await eventually(lambda: len(ann.events) == 2)
    assert ann.tasks == ["task-of-r1", "t3"]
    assert bob.tasks == ["task-of-r2"]
    assert ann.events[0]["subject"] == "Task Reminder"


async def test_a_reader_who_was_away_goes_on_where_it_was(stack: Stack) -> None:
    async with reading(stack, "ann") as first:
        await stack.hand_on(created("t1"))
        await eventually(lambda: first.tasks == ["t1"])
    await stack.hand_on(created("t2"), created("t3"))
    async with reading(stack, "ann", headers={"last-event-id": first.last_id}) as second:
        await eventually(lambda: len(second.events) == 2)
        await stack.hand_on(created("t4"))
        await eventually(lambda: len(second.events) == 3)
    assert second.tasks == ["t2", "t3", "t4"]


async def test_no_number_is_missed_when_many_record_at_once(stack: Stack) -> None:
    async with reading(stack, "ann") as reader:
        await asyncio.gather(
            *(
                stack.hand_on(
                    created(f"a{n}"), created(f"b{n}", user="bob"), created(f"c{n}"), replica=n % 2
                )
                for n in range(20)
            )
        )
        await eventually(lambda: len(reader.events) == 40, 60)
        await asyncio.sleep(0.3)
    assert len(set(reader.tasks)) == len(reader.events) == 40
    assert reader.last_id == "40"


async def test_a_canceled_reminder_is_not_shown(stack: Stack) -> None:
    async with reading(stack, "ann") as reader:
        await stack.hand_on(canceled("r1"))
        await stack.hand_on(triggered("r1"), triggered("r2"))
        await eventually(lambda: reader.events)
    assert reader.tasks == ["task-of-r2"]


async def test_a_stream_survives_the_loss_of_its_signals(
    stack: Stack, notifications_url: str, postgres: PostgresServer
) -> None:
    name = notifications_url.rpartition("/")[2]
    async with reading(stack, "ann") as reader:
        await postgres.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        await stack.hand_on(created("t1"))
        await eventually(lambda: reader.tasks == ["t1"])


async def test_a_stream_ends_when_its_time_is_over(stack: Stack) -> None:
    reader = Reader()
    async with stack.service() as client:
        await asyncio.wait_for(reader.read(client, params={"seconds": "0.3"}), 60)
        wrong = await client.get("/notifications/stream", headers={"last-event-id": "x"})
        nobody = await client.get("/notifications/stream", headers={"x-user-id": ""})
    assert reader.opened.is_set()
    assert (wrong.status_code, nobody.status_code) == (422, 422)


async def test_a_full_replica_says_so() -> None:
    streams = LiveStreams(most=1)
    with streams.watching("ann") as bell:
        with pytest.raises(UnavailableError):
            streams.check_room()
        streams.heard(Signal("email", mark_of("bob")))
        assert not bell.is_set()
        streams.heard(Signal("email", mark_of("ann")))
        assert bell.is_set()
    streams.check_room()
