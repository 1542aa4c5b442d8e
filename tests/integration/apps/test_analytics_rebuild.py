"""The projections are built anew from a real broker, while the service goes on."""

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest
from analytics_stack import (
    Sent,
    analytics,
    completed,
    created,
    hand_on,
    history,
    logged_in,
    projected,
    registered,
    rows,
    sent,
    series,
)
from broker import Broker
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from running_app import eventually

from analytics.rebuild.command import main
from analytics.repository.rebuilding import RebuildOverError, RebuildRepository
from todo_shared.credentials import StaticCredentials
from todo_shared.database import Database
from todo_shared.settings import ServiceSettings
from todo_shared.topics import create_topics, declared

_numbers = itertools.count(1)
# More of it than one batch holds, and in more than one partition.
CROWD = [sent(registered(f"user-{number}"), 1) for number in range(700)]


@dataclass
class Stage:
    """An environment of its own on the broker, a service, and the command line beside it."""

    broker: Broker
    prefix: str
    url: str
    client: httpx.AsyncClient
    capture: pytest.CaptureFixture[str]

    def publish(self, events: Sequence[Sent], at: datetime | None = None) -> None:
        """Put events into the broker, as if it had been at `at`."""
        producer = Producer({"bootstrap.servers": self.broker.address, "enable.idempotence": True})
        moment = int((at or datetime.now(UTC)).timestamp() * 1000)
        for event in events:
            key = event.wire["partitionkey"]
            value = json.dumps(event.wire)
            producer.produce(self.prefix + event.topic, value, key, timestamp=moment)
        assert producer.flush(60) == 0

    async def tell(self, events: Sequence[Sent]) -> None:
        """Hand events on to the service."""
        for event in events:
            await hand_on(self.client, event)

    def expire(self) -> None:
        """Delete all that is in the broker now."""
        admin = AdminClient({"bootstrap.servers": self.broker.address})
        found = admin.list_topics(timeout=60).topics
        everything = [
            TopicPartition(self.prefix + topic.name, number, -1)
            for topic in declared()
            for number in found[self.prefix + topic.name].partitions
        ]
        for done in admin.delete_records(everything).values():
            done.result(60)

    async def run(self, *arguments: str, code: int = 0) -> str:
        """Run the command line; returns what it says."""
        self.capture.readouterr()
        assert await asyncio.to_thread(main, arguments) == code
        told = self.capture.readouterr()
        return told.err if code else told.out

    async def active(self) -> tuple[str, str | None]:
        """The schema that is read, and the one that is being rebuilt."""
        ((active, shadow),) = await rows(self.url, "SELECT active, shadow FROM projection_state")
        return active, shadow

    async def spoil(self) -> None:
        """Make what is read wrong, in each table."""
        for statement in (
            "UPDATE projection_a.daily_counts SET logins = logins + 7",
            "DELETE FROM projection_a.tasks WHERE task_id = 'one'",
            "INSERT INTO projection_a.series VALUES ('never', 'ann', 1, true)",
        ):
            await rows(self.url, statement)


@pytest.fixture
async def stage(
    broker: Broker,
    analytics_url: str,
    settings: ServiceSettings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> AsyncIterator[Stage]:
    """All topics, and a service that was told nothing yet."""
    prefix = f"analytics{next(_numbers)}."
    create_topics(AdminClient({"bootstrap.servers": broker.address}), declared(), prefix, 1)
    monkeypatch.setenv("KAFKA_BROKERS", broker.address)
    monkeypatch.setenv("TOPIC_PREFIX", prefix)
    monkeypatch.setenv("DATABASE_URL", analytics_url)
    monkeypatch.setenv("WAIT_SECONDS", "60")
    async with analytics(analytics_url, settings) as client:
        yield Stage(broker, prefix, analytics_url, client, capsys)


@asynccontextmanager
async def _repository(stage: Stage) -> AsyncIterator[RebuildRepository]:
    database = Database(StaticCredentials(stage.url), application="test")
    await database.start()
    await eventually(database.ready)
    yield RebuildRepository(database)
    await database.stop()


async def test_a_rebuild_repairs_what_is_wrong(stage: Stage) -> None:
    stage.publish(history())
    await stage.tell(history())
    right = await projected(stage.url)
    await stage.spoil()
    said = await stage.run()
    assert await stage.active() == ("projection_b", None)
    assert await projected(stage.url) == right
    assert f"began a rebuild: {len(history())} events, 0 unreadable messages" in said
    assert "tasks: 3 rows alike, 0 different, 0 only before, 1 only after" in said
    assert "series: 2 rows alike, 0 different, 1 only before, 0 only after" in said
    assert "daily_counts: 0 rows alike, 4 different" in said
    assert "they differ; the rebuilt projections are in use" in said
    # What was replayed counts as seen, and the way back is the same.
    await stage.tell(history())
    assert await projected(stage.url) == right
    assert "nothing differs" in await stage.run()
    assert await stage.active() == ("projection_a", None)
    assert await projected(stage.url) == right


async def test_reports_are_those_of_the_rebuilt_projections(stage: Stage) -> None:
    stage.publish(history())
    await stage.run()
    answer = await stage.client.get(
        "/reports/summary",
        params={"from": "2030-01-01", "to": "2030-01-02"},
        headers={"x-user-id": "ann"},
    )
    assert answer.json()["counts"]["tasks_created"] == 3


async def test_a_dry_run_changes_nothing_that_is_read(stage: Stage) -> None:
    stage.publish(history())
    await stage.tell(history())
    await stage.spoil()
    wrong = await projected(stage.url)
    said = await stage.run("--dry-run")
    assert "they differ; the old ones stay in use" in said
    assert await stage.active() == ("projection_a", None)
    assert await projected(stage.url) == wrong


async def test_what_is_no_event_is_passed_over(stage: Stage) -> None:
    stage.publish([*history()[:2], Sent("task.deleted", {"partitionkey": "ann"}), *history()[2:]])
    assert f"{len(history())} events, 1 unreadable" in await stage.run()


async def test_live_events_during_a_rebuild_are_in_both(stage: Stage) -> None:
    stage.publish(history())
    await stage.tell(history())
    async with _repository(stage) as repository:
        run = await repository.begin()
        late = sent(created("late"), 50)
        await stage.tell([late])
        said = await stage.run()
        assert said.startswith("went on with a rebuild")
        assert "nothing differs" in said
        tasks = (await projected(stage.url))["tasks"]
        assert "late" in [task[0] for task in tasks]
        with pytest.raises(RebuildOverError):
            await repository.finish(run, None, switch=True)
    assert await stage.active() == ("projection_b", None)


async def test_a_rebuild_that_was_killed_goes_on_where_it_was(stage: Stage) -> None:
    stage.publish([*CROWD, *history()])
    await stage.tell(history())
    # Begun here, so that its tables are emptied before one of them is locked.
    async with _repository(stage) as repository:
        await repository.begin()
    blocker = await _locked(stage.url, "projection_b.series")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "analytics.rebuild", stdout=asyncio.subprocess.PIPE
    )
    positions = (
        "SELECT count(*) FROM projection_b.replay_positions WHERE topic LIKE '%task.deleted'"
    )
    try:
        await eventually(lambda: _first(stage.url, positions), 120)
    finally:
        process.kill()
        await process.communicate()
        await blocker.close()
    assert await stage.active() == ("projection_a", "projection_b")
    done = await _first(stage.url, "SELECT count(*) FROM projection_b.event_inbox")
    assert 0 < done < len(history())
    said = await stage.run()
    assert f"went on with a rebuild: {len(CROWD) + len(history()) - done} events" in said
    counted = (await projected(stage.url))["daily_counts"]
    assert len([row for row in counted if row[0].startswith("user-")]) == len(CROWD)


async def _locked(url: str, table: str) -> asyncpg.Connection:
    connection = await asyncpg.connect(url)
    await connection.execute(f"BEGIN; LOCK TABLE {table}")
    return connection


async def _first(url: str, query: str) -> int:
    return (await rows(url, query))[0][0]


async def test_what_the_broker_no_longer_keeps_is_carried_over(stage: Stage) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=1, microsecond=0)
    old, yesterday = today - timedelta(days=3), today - timedelta(days=1)
    before = [
        sent(registered(at=old), 1, old),
        sent(created("finished-today"), 2, old),
        sent(created("forgotten"), 3, old),
        sent(series("expired", 1), 4, old),
        sent(series("changed", 1), 5, old),
    ]
    # Later messages of the same partitions, the first of which tell how far back the broker goes.
    after = [sent(created("new"), 6, yesterday), sent(series("changed", 2), 7, yesterday)]
    after += [sent(registered("bob", yesterday), 1, yesterday)]
    now = [sent(completed("finished-today", at=today), 8, today), sent(logged_in(at=today), 9)]
    stage.publish(before, old)
    stage.expire()
    stage.publish(after, yesterday)
    stage.publish(now, today)
    await stage.tell([*before, *after, *now])
    right = await projected(stage.url)
    await rows(
        stage.url,
        f"UPDATE projection_a.daily_counts SET logins = 7 WHERE day = '{today.date()}'",
    )
    said = await stage.run()
    assert f"what was before {today.date()} has expired and was carried over" in said
    assert "1 different" in said
    assert await projected(stage.url) == right
    await stage.tell(before)
    assert await projected(stage.url) == right


async def test_an_empty_broker_replaces_nothing(stage: Stage) -> None:
    await stage.tell(history())
    assert "the broker keeps no event" in await stage.run(code=1)
    assert await stage.active() == ("projection_a", None)


async def test_what_expired_with_nothing_after_it_is_carried_over_as_well(stage: Stage) -> None:
    old = datetime.now(UTC) - timedelta(days=8)
    events = [
        sent(registered(at=old), 1, old),
        sent(created("one"), 2, old),
        sent(series("daily", 1), 3, old),
    ]
    stage.publish(events)
    await stage.tell(events)
    right = await projected(stage.url)
    stage.expire()
    stage.publish([sent(registered("carl"), 1)])
    await stage.run()
    found = await projected(stage.url)
    assert (found["tasks"], found["series"]) == (right["tasks"], right["series"])
    assert set(found["daily_counts"]) > set(right["daily_counts"])


async def test_a_stopped_rebuild_can_be_given_up(stage: Stage) -> None:
    assert "there was no open rebuild" in await stage.run("--discard")
    async with _repository(stage) as repository:
        await repository.begin()
    assert "given up" in await stage.run("--discard")
    assert await stage.active() == ("projection_a", None)


async def test_the_command_line_says_what_is_missing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOPIC_PREFIX", "absent.")
    assert "there is no topic" in await stage.run(code=1)
    monkeypatch.delenv("KAFKA_BROKERS")
    assert "KAFKA_BROKERS" in await stage.run(code=1)
