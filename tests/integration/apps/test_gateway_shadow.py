"""Copies of users' requests to two real services on two databases: compared, and without effect."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
from gateway_stack import Stack, gateway_stack, token
from prometheus_client import REGISTRY
from recording_sidecar import RecordingSidecar
from running_app import eventually, running

from tasks.app import create_app as create_tasks
from todo_shared.settings import DatabaseSettings, ServiceSettings

NAMESPACE = "todo-app-staging"
SHADOW = f"task-service.{NAMESPACE}"
SETTINGS = {"shadow_namespace": NAMESPACE, "shadow_percent": 100.0}


def counted(outcome: str) -> float:
    labels = {"target": "task-service", "outcome": outcome}
    return REGISTRY.get_sample_value("shadowed_requests_total", labels) or 0.0


@pytest.fixture
async def first(tasks_url: str, sidecar: RecordingSidecar) -> AsyncIterator[str]:
    settings = ServiceSettings(sidecar_url=sidecar.url, topic_prefix="dev.", port=1)
    async with running(create_tasks(settings, DatabaseSettings(database_url=tasks_url))) as url:
        yield url


@pytest.fixture
async def shadow_url(postgres, tasks_url: str) -> str:
    """A database like that of the first, and another one."""
    name = tasks_url.rpartition("/")[2] + "_shadow"
    await postgres.execute(f"CREATE DATABASE {name} TEMPLATE tasks_template")
    return postgres.url(name)


@pytest.fixture
async def second(shadow_url: str, sidecar: RecordingSidecar) -> AsyncIterator[str]:
    settings = ServiceSettings(sidecar_url=sidecar.url, topic_prefix="staging.", port=1)
    async with running(create_tasks(settings, DatabaseSettings(database_url=shadow_url))) as url:
        yield url


@asynccontextmanager
async def shadowing(
    folder: Path, apps: dict[str, str]
) -> AsyncIterator[tuple[Stack, httpx.AsyncClient]]:
    async with (
        gateway_stack(folder, None, identity=False, **SETTINGS) as stack,
        httpx.AsyncClient(
            base_url=f"{stack.url}/api/v1", headers=token("ann"), timeout=30
        ) as client,
    ):
        stack.sidecar.apps = apps
        yield stack, client


async def work(client: httpx.AsyncClient) -> list[int]:
    """A create, a change, a completion, a read, a list, a removal, and what is not there."""
    made = await client.post("/tasks", json={"title": "milk"})
    task = made.json()["id"]
    answers = [
        made,
        await client.patch(f"/tasks/{task}", json={"title": "oat milk"}),
        await client.post(f"/tasks/{task}/complete"),
        await client.get(f"/tasks/{task}"),
        await client.get("/tasks"),
        await client.delete(f"/tasks/{task}"),
        await client.get(f"/tasks/{task}"),
    ]
    return [answer.status_code for answer in answers]


USUAL = [201, 200, 200, 200, 200, 204, 404]


async def titles(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT title FROM tasks ORDER BY id")
    await connection.close()
    return [row["title"] for row in rows]


async def test_the_answers_of_both_are_the_same_and_each_wrote_its_own_database(  # noqa: PLR0917
    tmp_path: Path, first: str, second: str, tasks_url: str, shadow_url: str,
    sidecar: RecordingSidecar,
) -> None:  # fmt: skip
    before = counted("same"), counted("different"), counted("failed")
    apps = {"task-service": first, SHADOW: second}
    async with shadowing(tmp_path, apps) as (_, client):
        assert await work(client) == USUAL
        await eventually(lambda: counted("same") - before[0] == len(USUAL), 60)
    assert (counted("different"), counted("failed")) == before[1:]
    assert await titles(tasks_url) == await titles(shadow_url) == ["oat milk"]
    await eventually(lambda: len(sidecar.events) >= 8, 60)
    topics = {bulk.topic.partition(".")[0] for bulk in sidecar.bulks}
    assert topics == {"dev", "staging"}


async def test_a_shadow_that_answers_otherwise_is_noticed_and_shown_to_nobody(
    tmp_path: Path, first: str, second: str, shadow_url: str
) -> None:
    connection = await asyncpg.connect(shadow_url)
    await connection.execute(
        "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN NEW.title = upper(NEW.title); RETURN NEW; END $$"
    )
    await connection.execute(
        "CREATE TRIGGER shout BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION shout()"
    )
    await connection.close()
    before = counted("different")
    async with shadowing(tmp_path, {"task-service": first, SHADOW: second}) as (_, client):
        made = await client.post("/tasks", json={"title": "milk"})
        listed = (await client.get("/tasks")).json()["items"]
        await eventually(lambda: counted("different") - before == 1, 60)  # the list
    assert made.json()["title"] == listed[0]["title"] == "milk"


async def test_a_shadow_that_is_down_costs_no_user_anything(tmp_path: Path, first: str) -> None:
    before = counted("failed")
    apps = {"task-service": first, SHADOW: "http://127.0.0.1:1"}
    async with shadowing(tmp_path, apps) as (_, client):
        assert await work(client) == USUAL
        await eventually(lambda: counted("failed") - before == len(USUAL), 60)


async def test_users_outside_of_the_share_are_not_copied(tmp_path: Path, first: str) -> None:
    settings = SETTINGS | {"shadow_percent": 0.0}
    async with (
        gateway_stack(tmp_path, None, identity=False, **settings) as stack,
        httpx.AsyncClient(base_url=f"{stack.url}/api/v1", headers=token("ann")) as client,
    ):
        stack.sidecar.apps = {"task-service": first}
        assert (await client.get("/tasks")).status_code == 200
        assert [app for app, _, _ in stack.sidecar.invoked] == ["task-service"]


async def test_more_copies_than_are_kept_are_dropped_and_counted(
    tmp_path: Path, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.shadow.WAITING", 1)
    before = counted("dropped")

    async def mute(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    apps = {"task-service": first, SHADOW: f"http://127.0.0.1:{port}"}
    async with shadowing(tmp_path, apps) as (_, client):
        for _ in range(6):
            assert (await client.get("/tasks")).status_code == 200
        # One is under way, one is kept; a read does not wait for either.
        await eventually(lambda: counted("dropped") - before >= 3, 60)
    server.close()
