"""Recurring tasks are generated when due, by whoever holds the lease, once each."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from recording_sidecar import RecordingSidecar
from running_app import eventually
from scheduler_events import deliver, now, rows, scheduler, tell, template, wire
from template_server import TemplateServer

from scheduler.jobs.recurring_generator import backoff
from todo_shared.settings import ServiceSettings

DAY = timedelta(days=1)


@pytest.fixture
async def task_service(sidecar: RecordingSidecar) -> AsyncIterator[TemplateServer]:
    async with TemplateServer() as server:
        sidecar.apps["task-service"] = server.url
        yield server


@pytest.fixture
async def client(
    scheduler_url: str, settings: ServiceSettings, task_service: TemplateServer
) -> AsyncIterator[httpx.AsyncClient]:
    async with scheduler(scheduler_url, settings) as running:
        yield running


def _daily(days_ago: int, **values: Any) -> dict[str, Any]:
    """A rule at this minute of the day in UTC, whose instances are missing for `days_ago` days."""
    start = (now() - days_ago * DAY).replace(second=0, microsecond=0)
    rule = f"{start.minute} {start.hour} * * *"
    return {
        "recurrence_rule": rule,
        "time_zone": "UTC",
        "next_generation_time": start,
        "starts_at": start.strftime("%Y-%m-%dT00:00"),
    } | values


def _keys(about: dict[str, Any], *days: int) -> list[str]:
    """The keys of the occurrences so many days after the first one that is missing."""
    first: datetime = about["next_generation_time"]
    return [(first + day * DAY).strftime("%Y-%m-%dT%H:%M") for day in days]


async def _series(url: str) -> dict[str, Any]:
    return dict((await rows(url, "SELECT * FROM series"))[0])


async def test_a_due_occurrence_is_made_and_the_cursor_goes_on(
    client: httpx.AsyncClient, task_service: TemplateServer, scheduler_url: str
) -> None:
    about = _daily(0)
    await tell(client, template(**about, lead_minutes=0, version=7))
    await eventually(lambda: task_service.keys)
    due: datetime = about["next_generation_time"]
    _, body, headers = task_service.requests[0]
    assert body == {
        "occurrence_key": due.strftime("%Y-%m-%dT%H:%M"),
        "instance_date": due.date().isoformat(),
        "due_date": due.isoformat().replace("+00:00", "Z"),
        "version": 7,
        "next_generation_time": (due + DAY).isoformat().replace("+00:00", "Z"),
    }
    assert headers["x-user-id"] == "ann"
    assert headers["traceparent"]

    async def moved() -> bool:
        return (await _series(scheduler_url))["next_instant"] == due + DAY

    await eventually(moved)
    found = await _series(scheduler_url)
    assert (found["leased_until"], found["leased_by"]) == (None, None)
    assert (await client.get("/metrics")).text.count('instances_total{outcome="made"}') == 1


async def test_a_lead_makes_the_instance_before_it_is_due(
    client: httpx.AsyncClient, task_service: TemplateServer
) -> None:
    due = (now() + timedelta(minutes=30)).replace(second=0, microsecond=0)
    about = _daily(0, recurrence_rule=f"{due.minute} {due.hour} * * *")
    about |= {"lead_minutes": 45, "next_generation_time": due - timedelta(minutes=45)}
    await tell(client, template(**about))
    await eventually(lambda: task_service.keys == [due.strftime("%Y-%m-%dT%H:%M")])


@pytest.mark.parametrize(
    ("policy", "days"), [("all", [0, 1, 2, 3]), ("latest", [2, 3]), ("none", [3])]
)
async def test_after_an_absence_the_policy_says_what_is_made(
    client: httpx.AsyncClient, task_service: TemplateServer, policy: str, days: list[int]
) -> None:
    about = _daily(3, catch_up_policy=policy)
    await tell(client, template(**about))
    await eventually(lambda: len(task_service.keys) >= len(days))
    await asyncio.sleep(0.2)
    assert task_service.keys == _keys(about, *days)


async def test_a_stale_version_waits_for_the_event(
    client: httpx.AsyncClient, task_service: TemplateServer, scheduler_url: str
) -> None:
    task_service.answers = [(409, {"error": "x", "code": "stale_version"})]
    about = _daily(0)
    await tell(client, template(**about))
    await eventually(lambda: task_service.requests)

    async def given_back() -> bool:
        found = await _series(scheduler_url)
        return found["leased_until"] is None and found["retry_at"] is not None

    await eventually(given_back)
    assert task_service.keys == []
    # However long the pause is by now, the event ends it.
    await rows(scheduler_url, "UPDATE series SET retry_at = now() + interval '1 hour'")
    await tell(client, template(**about, version=2, title="other"), 2)
    await eventually(lambda: task_service.keys)
    assert task_service.requests[-1][1]["version"] == 2


@pytest.mark.parametrize(
    "answer",
    [
        (409, {"error": "x", "code": "inactive"}),
        (404, {"error": "x", "code": "not_found"}),
        (500, {"error": "x"}),
        (422, {"error": "x"}),
    ],
)
async def test_a_refusal_is_tried_again_after_a_second(
    client: httpx.AsyncClient, task_service: TemplateServer, answer: tuple[int, dict[str, Any]]
) -> None:
    task_service.answers = [answer]
    await tell(client, template(**_daily(0)))
    await eventually(lambda: task_service.keys)
    assert len(task_service.requests) == 2


def test_pauses_grow_to_a_minute() -> None:
    assert [backoff(attempt) for attempt in (0, 1, 5, 6, 99)] == [1.0, 2.0, 32.0, 60.0, 60.0]


async def test_while_task_service_is_away_nothing_is_lost(
    scheduler_url: str, settings: ServiceSettings, sidecar: RecordingSidecar
) -> None:
    sidecar.apps["task-service"] = "http://127.0.0.1:1"
    sidecar.unreachable_invokes = 8
    async with TemplateServer() as server, scheduler(scheduler_url, settings) as client:
        sidecar.apps["task-service"] = server.url
        about = _daily(1)
        await tell(client, template(**about))
        await eventually(lambda: server.keys == _keys(about, 0, 1))


async def test_a_paused_series_makes_nothing_and_a_resumed_one_goes_on_from_now(
    client: httpx.AsyncClient, task_service: TemplateServer
) -> None:
    about = _daily(2)
    await tell(client, template(**about, active=False))
    await asyncio.sleep(0.3)
    assert task_service.keys == []
    about |= {"version": 3, "next_generation_time": about["next_generation_time"] + 2 * DAY}
    await tell(client, template(**about), 3)
    await eventually(lambda: task_service.keys)
    await tell(client, template(**about | {"active": False, "version": 2}), 2)
    assert task_service.keys == _keys(about, 0)


async def test_events_again_and_out_of_order_leave_the_last_version(
    client: httpx.AsyncClient, scheduler_url: str
) -> None:
    later = now() + DAY
    events = [
        wire(template(version=version, lead_minutes=version, next_generation_time=later), version)
        for version in (3, 1, 2)
    ]
    for event in (*events, *events):
        assert await deliver(client, event, "recurring-task.updated") == "SUCCESS"
    found = await _series(scheduler_url)
    assert (found["version"], found["lead_minutes"]) == (3, 3)


async def test_a_rule_that_cannot_be_read_is_set_aside(client: httpx.AsyncClient) -> None:
    event = wire(template(recurrence_rule="every full moon"))
    assert await deliver(client, event, "recurring-task.updated") == "DROP"


async def test_a_replica_that_stopped_in_the_middle_is_followed_when_its_lease_ends(
    client: httpx.AsyncClient, task_service: TemplateServer, scheduler_url: str
) -> None:
    await tell(client, template(next_generation_time=now() + DAY))
    due = now().replace(second=0, microsecond=0)
    await rows(
        scheduler_url,
        """UPDATE series SET next_key = $1, next_instant = $2, generation_at = $2, fence = 9,
               rule = $3, time_zone = 'UTC', leased_by = 'dead',
               leased_until = clock_timestamp() + interval '5 seconds'""",
        due.strftime("%Y-%m-%dT%H:%M"),
        due,
        f"{due.minute} {due.hour} * * *",
    )
    await client.post("/jobs/sweep")
    assert task_service.keys == []
    await eventually(lambda: task_service.keys)


async def test_a_cursor_that_moved_meanwhile_is_left_alone(
    client: httpx.AsyncClient, task_service: TemplateServer, scheduler_url: str
) -> None:
    task_service.open.clear()
    about = _daily(1)
    await tell(client, template(**about))
    await eventually(lambda: task_service.requests)
    edited = _daily(0, recurrence_rule="59 23 31 12 *", version=2)
    await tell(client, template(**edited | {"next_generation_time": now() + DAY}), 2)
    task_service.open.set()
    await asyncio.sleep(0.8)
    found = await _series(scheduler_url)
    assert found["next_key"] == f"{now().year}-12-31T23:59"
    assert len(task_service.requests) == 1


async def test_new_zone_data_places_the_cursors_again(
    scheduler_url: str, settings: ServiceSettings, task_service: TemplateServer
) -> None:
    async with scheduler(scheduler_url, settings) as client:
        await tell(client, template(next_generation_time=datetime(2030, 7, 1, tzinfo=UTC)))
    place = "SELECT next_key, next_instant, generation_at, tzdata FROM series"
    right = tuple((await rows(scheduler_url, place))[0])
    assert right[:2] == ("2030-07-01T09:00", datetime(2030, 7, 1, 7, tzinfo=UTC))
    await rows(
        scheduler_url,
        """UPDATE series SET tzdata = '1999a', next_instant = next_instant + interval '1 hour',
               generation_at = generation_at + interval '1 hour'""",
    )
    async with scheduler(scheduler_url, settings):

        async def placed() -> bool:
            return tuple((await rows(scheduler_url, place))[0]) == right

        await eventually(placed)


async def test_a_due_series_placed_by_old_zone_data_is_placed_before_it_is_made(
    client: httpx.AsyncClient, task_service: TemplateServer, scheduler_url: str
) -> None:
    await tell(client, template(**_daily(0) | {"next_generation_time": now() + DAY}))
    before = await _series(scheduler_url)
    await rows(
        scheduler_url,
        "UPDATE series SET tzdata = '1999a', next_instant = now(), generation_at = now()",
    )
    await client.post("/jobs/sweep")

    async def placed() -> bool:
        found = await _series(scheduler_url)
        return found["next_instant"] == before["next_instant"] and found["tzdata"] != "1999a"

    await eventually(placed)
    assert task_service.keys == []


async def test_two_replicas_make_each_instance_once(
    scheduler_url: str, settings: ServiceSettings, task_service: TemplateServer
) -> None:
    async with (
        scheduler(scheduler_url, settings, scheduler_replica="a") as first,
        scheduler(scheduler_url, settings, scheduler_replica="b") as second,
    ):
        about = _daily(3)
        for number in range(20):
            data = template(**about, recurring_task_id=f"series-{number}")
            await tell((first, second)[number % 2], data, number + 1)

        def all_made() -> bool:
            made = task_service.instances.values()
            return sum(len(keys) for keys in made) == 80

        await eventually(all_made)
    expected = _keys(about, 0, 1, 2, 3)
    assert all(keys == expected for keys in task_service.instances.values())
    assert len(task_service.requests) == 80
