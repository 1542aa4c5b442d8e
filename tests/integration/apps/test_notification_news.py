"""New notifications are answered as soon as they are there, for those who ask again and again."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from notification_stack import Stack, canceled, created, notification_stack, triggered


@pytest.fixture
async def stack(notifications_url: str) -> AsyncIterator[Stack]:
    """One replica."""
    async with notification_stack(notifications_url) as started:
        yield started


async def test_an_answer_waits_for_what_is_new_and_no_longer(stack: Stack) -> None:
    async with stack.service() as client:
        begin = (await client.get("/notifications/new")).json()
        asking = asyncio.create_task(
            client.get("/notifications/new", params={"after": begin["last"], "wait": 20})
        )
        await asyncio.sleep(0.2)
        started = time.monotonic()
        await stack.hand_on(created("t1"), created("other", user="bob"))
        answer = (await asking).json()
        took = time.monotonic() - started
        nothing = await client.get("/notifications/new", params={"after": 1, "wait": 0.1})
    assert begin == {"items": [], "last": 0}
    assert [(each["number"], each["notification"]["task_id"]) for each in answer["items"]] == [
        (1, "t1")
    ]
    assert answer["last"] == 1
    assert took < 10
    assert nothing.json() == {"items": [], "last": 1}


async def test_withdrawn_ones_are_passed_over_page_by_page(stack: Stack) -> None:
    names = [f"r{number}" for number in range(100)]
    await stack.hand_on(*(canceled(name) for name in names))
    await stack.hand_on(*(triggered(name) for name in names))
    await stack.hand_on(created("t1"))
    async with stack.service() as client:
        answer = (await client.get("/notifications/new", params={"after": 0})).json()
        before = (await client.get("/notifications/new")).json()
        wrong = await client.get("/notifications/new", params={"after": -1})
    assert [each["number"] for each in answer["items"]] == [101]
    assert (answer["last"], before["last"]) == (101, 101)
    assert wrong.status_code == 422
