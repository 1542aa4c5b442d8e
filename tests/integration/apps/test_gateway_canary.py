"""The gateway splits real requests between two releases, by user, and counts both."""

import asyncio
from collections import defaultdict
from pathlib import Path

import httpx
from gateway_stack import gateway_stack, token
from prometheus_client import REGISTRY

from ballast.gate.binomial import lower_bound, upper_bound
from gateway.canary import Split

NAMESPACE = "todo-app-dev-green"
CANARY = {"canary_namespace": NAMESPACE, "canary_percent": 5.0}
USERS = [f"user-{number}" for number in range(400)]
AMONG = next(user for user in USERS if Split(NAMESPACE, 5.0).takes(user))
OTHER = next(user for user in USERS if not Split(NAMESPACE, 5.0).takes(user))


def counted(release: str, outcome: str, target: str = "task-service") -> float:
    labels = {"target": target, "release": release, "outcome": outcome}
    return REGISTRY.get_sample_value("forwarded_requests_total", labels) or 0.0


async def ask(client: httpx.AsyncClient, user: str, path: str = "/api/v1/tasks") -> int:
    return (await client.get(path, headers=token(user))).status_code


async def test_five_percent_of_the_users_are_with_the_canary_and_stay(tmp_path: Path) -> None:
    async with (
        gateway_stack(tmp_path, None, identity=False, **CANARY) as stack,
        # On a busy machine a kept connection may end between two requests.
        httpx.AsyncClient(
            base_url=stack.url, timeout=60, limits=httpx.Limits(max_keepalive_connections=0)
        ) as client,
    ):
        before = counted("canary", "served"), counted("stable", "served")
        asking = [*USERS, *USERS[:80]]  # some come again, and stay where they were
        for start in range(0, len(asking), 20):
            asked = (ask(client, user) for user in asking[start : start + 20])
            assert set(await asyncio.gather(*asked)) == {200}
        releases: defaultdict[str, set[str]] = defaultdict(set)
        for app_id, _, headers in stack.sidecar.invoked:
            releases[headers["x-user-id"]].add(app_id)
        canary, stable = {f"task-service.{NAMESPACE}"}, {"task-service"}
        assert all(found in (canary, stable) for found in releases.values())
        count = sum(found == canary for found in releases.values())
        assert len(releases) == len(USERS)
        low, high = (bound(count, len(USERS), 0.995) for bound in (lower_bound, upper_bound))
        assert low <= 0.05 <= high
        among = sum(Split(NAMESPACE, 5.0).takes(user) for user in asking)
        assert counted("canary", "served") - before[0] == among
        assert counted("stable", "served") - before[1] == len(asking) - among


async def test_every_service_of_the_canary_is_called_for_its_users(tmp_path: Path) -> None:
    paths = ["/tasks", "/reminders", "/notifications", "/reports/summary"]
    async with (
        gateway_stack(tmp_path, None, identity=False, **CANARY) as stack,
        httpx.AsyncClient(base_url=stack.url) as client,
    ):
        for path in paths:
            assert await ask(client, AMONG, f"/api/v1{path}") == 200
        called = [app_id for app_id, _, _ in stack.sidecar.invoked]
        assert called == [
            f"{name}-service.{NAMESPACE}"
            for name in ("task", "scheduler", "notification", "analytics")
        ]


async def test_without_a_share_and_without_a_canary_all_are_with_the_first(tmp_path: Path) -> None:
    for settings in ({}, CANARY | {"canary_percent": 0.0}):
        async with (
            gateway_stack(tmp_path, None, identity=False, **settings) as stack,
            httpx.AsyncClient(base_url=stack.url) as client,
        ):
            assert await ask(client, AMONG) == 200
            assert [app_id for app_id, _, _ in stack.sidecar.invoked] == ["task-service"]


async def test_a_canary_that_fails_hurts_its_own_users_alone_and_is_counted(
    tmp_path: Path,
) -> None:
    """Its circuit opens and that of the first release does not: each has its own."""
    async with (
        gateway_stack(tmp_path, None, identity=False, **CANARY) as stack,
        httpx.AsyncClient(base_url=stack.url) as client,
    ):
        failed = counted("canary", "failed"), counted("stable", "failed")
        stack.sidecar.answer = (500, {"error": "broken"})
        assert {await ask(client, AMONG) for _ in range(8)} == {500, 503}
        stack.sidecar.answer = None
        assert {await ask(client, OTHER) for _ in range(8)} == {200}
        assert counted("canary", "failed") - failed[0] == 8
        assert counted("stable", "failed") == failed[1]
