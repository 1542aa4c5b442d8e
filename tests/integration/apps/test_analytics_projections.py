"""Projections are a function of the set of events: no order, repeat or rebuild changes them."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any

import asyncpg
import pytest
from analytics_oracle import PAYLOADS, expected
from analytics_stack import (
    DAY,
    Sent,
    analytics,
    canceled,
    completed,
    created,
    deleted,
    hand_on,
    history,
    logged_in,
    projected,
    registered,
    rows,
    sent,
    series,
    triggered,
    updated,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running_app import eventually

from analytics.consumers.subscriptions import consumers
from analytics.models.tables import PROJECTIONS
from analytics.repository.live import LiveProjections
from analytics.repository.rebuilding import Batch, RebuildRepository
from todo_shared.consumer import EventStatus
from todo_shared.credentials import StaticCredentials
from todo_shared.database import Database
from todo_shared.events.envelope import decode
from todo_shared.settings import ServiceSettings


@st.composite
def histories(draw: st.DrawFn) -> list[Sent]:
    """What two users may have done, in the order in which they did it."""
    events: list[Sent] = []
    for user in ("ann", "bob"):
        at, versions = DAY, Counter[str]()
        gone: set[str] = set()
        known: set[str] = set()
        steps = draw(st.lists(st.integers(0, 9), max_size=16))
        for seq, step in enumerate(steps, 1):
            at += timedelta(seconds=draw(st.sampled_from([1, 700, 50_000])))
            task = f"{user}-{draw(st.integers(1, 2))}"
            if step <= 4 and (task in gone or task not in known):
                data: Any = created(task, user) if task not in known else logged_in(user, at)
                known.add(task)
            elif step == 4:
                data = deleted(task, user, at)
                gone.add(task)
            else:
                versions[task] += step in (5, 6)
                data = [
                    completed(task, user, at),
                    updated(task, user, at, status="pending"),
                    updated(task, user, at, title="another"),
                    completed(task, user, at),
                    None,
                    series(f"s-{task}", versions[task], user),
                    series(f"s-{task}", versions[task], user, active=bool(seq % 2), deleted=True),
                    triggered(f"r{seq}", user, at),
                    canceled(f"r{seq}", user),
                    registered(user, at),
                ][step]
            events.append(sent(data, seq, at))
    return events


async def _tell(database: Database, events: Sequence[Sent], luck: random.Random) -> None:
    """Deliver `events` in some order, some twice, in batches by several replicas at once."""
    by_topic = {each.topic: each for each in consumers(LiveProjections(database))}
    deliveries = list(events) + [each for each in events if luck.random() < 0.5]
    luck.shuffle(deliveries)
    while deliveries:
        size = luck.randint(1, 12)
        taken, deliveries = deliveries[:size], deliveries[size:]
        batches: dict[tuple[str, int], list[Any]] = {}
        for each in taken:
            batches.setdefault((each.topic, luck.randint(0, 1)), []).append(each.wire)
        calls = [by_topic[topic].handle(wires) for (topic, _), wires in batches.items()]
        for statuses in await asyncio.gather(*calls):
            assert set(statuses) == {EventStatus.SUCCESS}


async def _retell(
    repository: RebuildRepository, events: Sequence[Sent], luck: random.Random
) -> None:
    """Rebuild from `events`, stopping in the middle once and going on."""
    kept = list(events)
    luck.shuffle(kept)
    run = await repository.begin()
    for offset, each in enumerate(kept):
        if offset == len(kept) // 2:
            run = await repository.begin()
            assert run.resumed
        event = decode(each.wire, PAYLOADS[each.topic])
        await repository.keep(run, Batch(each.topic, 0, offset + 1, [event], 0))
    await repository.finish(run, None, switch=True)


async def _emptied(url: str) -> None:
    connection = await asyncpg.connect(url)
    tables = [table.fullname for each in PROJECTIONS.values() for table in each.sorted_tables]
    await connection.execute(f"TRUNCATE {', '.join(tables)}")
    await connection.execute("UPDATE projection_state SET active = 'projection_a', shadow = NULL")
    await connection.close()


async def _database(url: str) -> Database:
    database = Database(StaticCredentials(url), application="test")
    await database.start()
    await eventually(database.ready)
    return database


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=histories(), seed=st.integers(0, 2**32))
async def test_any_interleaving_of_a_history_gives_the_same_projections(
    analytics_url: str, events: list[Sent], seed: int
) -> None:
    luck = random.Random(seed)
    await _emptied(analytics_url)
    database = await _database(analytics_url)
    try:
        await _tell(database, events, luck)
        assert await projected(analytics_url) == expected(events)
    finally:
        await database.stop()


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=histories(), seed=st.integers(0, 2**32))
async def test_a_rebuild_among_live_events_gives_those_of_a_clean_replay(
    analytics_url: str, events: list[Sent], seed: int
) -> None:
    luck = random.Random(seed)
    await _emptied(analytics_url)
    database = await _database(analytics_url)
    before = luck.randint(0, len(events))
    try:
        await _tell(database, events[:before], luck)
        repository = RebuildRepository(database)
        await repository.begin()
        # The broker has what was told before the rebuild began, and some of what comes later.
        kept = events[: luck.randint(before, len(events))]
        await asyncio.gather(
            _tell(database, events[before:], luck),
            _retell(repository, kept, random.Random(seed)),
        )
        assert (await rows(analytics_url, "SELECT active FROM projection_state")) == [
            ("projection_b",)
        ]
        assert await projected(analytics_url) == expected(events)
    finally:
        await database.stop()


async def test_the_history_means_what_it_should(
    analytics_url: str, settings: ServiceSettings
) -> None:
    async with analytics(analytics_url, settings) as client:
        for event in [*history(), *reversed(history())]:
            await hand_on(client, event)
    assert await projected(analytics_url) == expected(history())


async def test_an_event_that_fails_leaves_nothing_behind(
    analytics_url: str, settings: ServiceSettings
) -> None:
    event = sent(created("one"), 1)
    await rows(
        analytics_url, "ALTER TABLE projection_a.daily_counts RENAME COLUMN tasks_created TO gone"
    )
    async with analytics(analytics_url, settings) as client:
        answer = await client.post("/events/task-created", json=event.wire)
        assert answer.json() == {"status": "DROP"}
        assert await rows(analytics_url, "SELECT task_id FROM projection_a.tasks") == []
        assert await rows(analytics_url, "SELECT event_id FROM projection_a.event_inbox") == []
        await rows(
            analytics_url,
            "ALTER TABLE projection_a.daily_counts RENAME COLUMN gone TO tasks_created",
        )
        await hand_on(client, event)
    assert await projected(analytics_url) == expected([event])


@pytest.mark.parametrize("topic", sorted(PAYLOADS))
async def test_each_topic_has_its_route_and_drops_what_is_no_event_of_it(
    analytics_url: str, settings: ServiceSettings, topic: str
) -> None:
    other = next(each for each in history() if each.topic != topic)
    path = f"/events/{topic.replace('.', '-')}"
    async with analytics(analytics_url, settings) as client:
        assert (await client.post(path, json=other.wire)).json() == {"status": "DROP"}
        assert (await client.post(path, content=b"no event")).json() == {"status": "DROP"}
    assert await projected(analytics_url) == expected([])


async def test_a_day_is_one_in_utc(analytics_url: str, settings: ServiceSettings) -> None:
    ahead = datetime(2030, 1, 2, 4, tzinfo=timezone(timedelta(hours=5)))
    behind = datetime(2030, 1, 1, 20, tzinfo=timezone(timedelta(hours=-5)))
    async with analytics(analytics_url, settings) as client:
        await hand_on(client, sent(logged_in(at=ahead), 1), sent(logged_in(at=behind), 2))
    counted = await rows(analytics_url, "SELECT day, logins FROM projection_a.daily_counts")
    assert sorted(counted) == [(date(2030, 1, 1), 1), (date(2030, 1, 2), 1)]
