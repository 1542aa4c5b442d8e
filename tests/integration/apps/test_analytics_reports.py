"""Events come in, reports go out."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from analytics_stack import (
    analytics,
    completed,
    created,
    hand_on,
    history,
    logged_in,
    sent,
)
from running_app import eventually

from todo_shared.settings import ServiceSettings

ANN = {"x-user-id": "ann"}
FIGURES = {
    'analytics_tasks{status="completed"} 2.0',
    'analytics_tasks{status="open"} 1.0',
    "analytics_users 2.0",
    "analytics_active_series 1.0",
    "analytics_rebuild_open 0.0",
    "analytics_figures_stale 0.0",
}
RANGE = {"from": "2030-01-01", "to": "2030-01-03"}


@pytest.fixture
async def client(analytics_url: str, settings: ServiceSettings) -> AsyncIterator[httpx.AsyncClient]:
    """A service that was told the history."""
    async with analytics(analytics_url, settings) as opened:
        for event in history():
            await hand_on(opened, event)
        yield opened


async def _get(client: httpx.AsyncClient, path: str, user: str = "ann", **query: str) -> Any:
    answer = await client.get(f"/reports{path}", params=query, headers={"x-user-id": user})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_summary_counts_what_the_caller_did(client: httpx.AsyncClient) -> None:
    assert await _get(client, "/summary", **RANGE) == {
        "first": "2030-01-01",
        "last": "2030-01-03",
        "counts": {
            "tasks_created": 3,
            "tasks_completed": 2,
            "tasks_deleted": 1,
            "reminders_triggered": 1,
            "reminders_canceled": 1,
            "registrations": 1,
            "logins": 2,
        },
        "tasks": {"open": 1, "completed": 1, "deleted": 1},
        "active_series": 1,
    }


async def test_a_day_has_what_happened_on_it_in_utc(client: httpx.AsyncClient) -> None:
    days = (await _get(client, "/daily", **RANGE))["days"]
    assert [day["day"] for day in days] == ["2030-01-01", "2030-01-02", "2030-01-03"]
    assert [day["tasks_created"] for day in days] == [2, 1, 0]
    assert [day["tasks_completed"] for day in days] == [1, 1, 0]
    assert [day["logins"] for day in days] == [1, 1, 0]
    assert set(days[2].values()) == {"2030-01-03", 0}


async def test_only_tasks_that_stayed_completed_have_a_time(client: httpx.AsyncClient) -> None:
    times = await _get(client, "/completion-times")
    assert times["tasks"] == 1
    assert [each for each in times["buckets"] if each["tasks"]] == [
        {"below_seconds": 10, "tasks": 1}
    ]
    assert times["buckets"][-1]["below_seconds"] is None


async def test_a_time_at_a_bound_lies_above_it(client: httpx.AsyncClient) -> None:
    day = datetime(2030, 1, 1, tzinfo=UTC)
    taken = [-1, 0.5, 1, 9.9, 10, 2_591_999, 2_592_000, 9_999_999]
    for seq, seconds in enumerate(taken, 1):
        task = f"carl-{seq}"
        await hand_on(client, sent(created(task, "carl"), 2 * seq, day))
        end = day + timedelta(seconds=seconds)
        await hand_on(client, sent(completed(task, "carl", end), 2 * seq + 1, end))
    found = await _get(client, "/completion-times", "carl")
    assert [bucket["tasks"] for bucket in found["buckets"]] == [2, 2, 1, 0, 0, 0, 0, 0, 1, 2]


async def test_a_user_sees_nothing_of_another(client: httpx.AsyncClient) -> None:
    bob = await _get(client, "/summary", "bob", **RANGE)
    assert (bob["counts"]["tasks_created"], bob["tasks"]["completed"]) == (1, 1)
    eve = await _get(client, "/summary", "eve", **RANGE)
    assert set(eve["counts"].values()) | set(eve["tasks"].values()) == {0}
    assert (await _get(client, "/completion-times", "eve"))["tasks"] == 0


async def test_operators_see_all_users_together(client: httpx.AsyncClient) -> None:
    answer = await client.get("/reports/system", params=RANGE)
    report = answer.json()
    assert (report["users"], report["active_series"]) == (2, 1)
    assert report["counts"]["tasks_created"] == 4
    assert report["tasks"] == {"open": 1, "completed": 2, "deleted": 1}
    assert report["completion_times"]["tasks"] == 2


@pytest.mark.parametrize(
    "headers", [ANN, {"dapr-caller-app-id": "api-gateway"}, {"dapr-caller-app-id": "x"} | ANN]
)
async def test_nobody_behind_a_sidecar_sees_all_users(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.get("/reports/system", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_the_reports_are_listed(client: httpx.AsyncClient) -> None:
    names = (await _get(client, ""))["items"]
    assert names == ["summary", "daily", "completion-times"]
    for name in names:
        await _get(client, f"/{name}")


async def test_without_days_the_last_thirty_are_meant(client: httpx.AsyncClient) -> None:
    now = datetime.now(UTC)
    await hand_on(client, sent(logged_in("dora", now), 1, now))
    old = now - timedelta(days=30)
    await hand_on(client, sent(logged_in("dora", old), 2, old))
    report = await _get(client, "/daily", "dora")
    assert len(report["days"]) == 30
    assert [day["logins"] for day in report["days"]] == [0] * 29 + [1]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"from": "2030-01-02", "to": "2030-01-01"}, "after"),
        ({"from": "2030-01-01", "to": "2031-01-02"}, "366"),
        ({"from": "yesterday"}, "not valid"),
        ({"from": "0001-01-01"}, "not valid"),
        ({"since": "2030-01-01"}, "not valid"),
    ],
)
async def test_days_that_mean_nothing_are_refused(
    client: httpx.AsyncClient, query: dict[str, str], reason: str
) -> None:
    for name in ("summary", "daily"):
        answer = await client.get(f"/reports/{name}", params=query, headers=ANN)
        assert answer.status_code == 422
        assert reason in answer.json()["error"]


async def test_who_asks_must_be_known(client: httpx.AsyncClient) -> None:
    for name in ("", "/summary", "/daily", "/completion-times"):
        assert (await client.get(f"/reports{name}")).status_code == 422


async def test_the_metrics_tell_the_figures_of_all(
    analytics_url: str, settings: ServiceSettings, client: httpx.AsyncClient
) -> None:
    async with analytics(analytics_url, settings, figures_seconds=0.05) as other:

        async def all_told() -> bool:
            return set((await other.get("/metrics")).text.splitlines()) >= FIGURES

        await eventually(all_told, 60)
