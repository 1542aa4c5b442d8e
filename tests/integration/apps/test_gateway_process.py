"""The gateway as a process: what it needs to start, whom it believes, and how it stops."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from gateway_stack import PASSWORD, StatefulSidecar, token, write_keys
from ports import free_port
from redis_server import RedisServer
from running_app import eventually


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server for all tests of this file."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


def _environment(folder: Path, **changes: str) -> dict[str, str]:
    jwks, signing = write_keys(folder)
    return os.environ | {
        "HOST": "127.0.0.1",
        "JWKS_PATH": str(jwks),
        "IDENTITY_SIGNING_KEY_PATH": str(signing),
        "PASSWORD_HASH_COST": "4",
        "OUTBOX_POLL_SECONDS": "0.2",
        **changes,
    }


async def _start(environment: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def _running(
    folder: Path, redis: RedisServer, sidecar: StatefulSidecar, **changes: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    port = free_port()
    environment = _environment(
        folder, PORT=str(port), SIDECAR_URL=sidecar.url, REDIS_URL=redis.url, **changes
    )
    process = await _start(environment)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:

            async def ready() -> bool:
                assert process.returncode is None
                try:
                    return (await client.get("/ready")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(ready, 60)
            yield process, client
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_it_finishes_what_it_has_begun_and_believes_no_unknown_proxy(
    redis: RedisServer, tmp_path: Path
) -> None:
    redis.command("FLUSHALL")
    async with (
        StatefulSidecar() as sidecar,
        _running(tmp_path, redis, sidecar, CLIENT_RATE_LIMIT_PER_15_MINUTES="3") as (
            process,
            client,
        ),
    ):
        statuses = [
            (await client.get("/docs", headers={"x-forwarded-for": f"192.0.2.{n}"})).status_code
            for n in range(4)
        ]
        sidecar.store.delay = 0.5
        person = {"email": "ann@example.com", "password": PASSWORD}
        redis.command("FLUSHALL")
        request = asyncio.create_task(client.post("/auth/register", json=person))
        await eventually(lambda: sidecar.store.calls > 20)
        process.send_signal(signal.SIGTERM)
        made = await request
        code = await asyncio.wait_for(process.wait(), 60)
    assert statuses == [200, 200, 200, 429]
    assert (made.status_code, code) == (201, 0)
    assert [key for key in sidecar.store.values if key.startswith("user:")]


async def test_an_event_that_one_process_left_is_published_by_the_next(
    redis: RedisServer, tmp_path: Path
) -> None:
    redis.command("FLUSHALL")
    person = {"email": "ann@example.com", "password": PASSWORD}
    async with StatefulSidecar() as sidecar:
        sidecar.verdict = lambda _, __: (500, {"errorCode": "ERR_PUBSUB", "message": "away"})
        async with _running(tmp_path, redis, sidecar) as (process, client):
            assert (await client.post("/auth/register", json=person)).status_code == 201
            process.kill()
            await process.wait()
        sidecar.verdict = None
        sidecar.bulks.clear()
        async with _running(tmp_path, redis, sidecar):
            await eventually(lambda: sidecar.events)
    assert [event["type"] for event in sidecar.events] == ["com.todo.user.registered.v1"]


async def test_its_tokens_open_another_replica(redis: RedisServer, tmp_path: Path) -> None:
    redis.command("FLUSHALL")
    person = {"email": "ann@example.com", "password": PASSWORD}
    async with (
        StatefulSidecar() as sidecar,
        _running(tmp_path, redis, sidecar) as (_, one),
        _running(tmp_path, redis, sidecar) as (_, two),
    ):
        session = (await one.post("/auth/register", json=person)).json()
        bearer = {"authorization": f"Bearer {session['access_token']}"}
        statuses = [
            (await client.get("/api/v1/tasks", headers=bearer)).status_code
            for client in (one, two) * 6
        ]
        elsewhere = await two.get("/api/v1/tasks", headers=token("bob"))
    # Ten a minute, whichever replica they reach.
    assert statuses == [200] * 10 + [429] * 2
    assert elsewhere.status_code == 200


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"IDENTITY_SIGNING_KEY_PATH": "/none"}, "/none: No such file or directory"),
        ({"REDIS_URL": ""}, "IDENTITY_SIGNING_KEY_PATH needs REDIS_URL"),
        ({"REDIS_URL": "http://redis"}, "REDIS_URL: String should match pattern"),
        (
            {"RATE_LIMIT_PER_MINUTE": "ten"},
            "RATE_LIMIT_PER_MINUTE: Input should be a valid integer",
        ),
        ({"TRUSTED_PROXIES": "ingress"}, "TRUSTED_PROXIES: Value error"),
        ({"PASSWORD_HASH_COST": "3"}, "PASSWORD_HASH_COST: Input should be greater"),
    ],
    ids=str,
)
async def test_it_says_what_it_lacks_and_does_not_start(
    tmp_path: Path, changes: dict[str, str], reason: str
) -> None:
    environment = _environment(tmp_path, REDIS_URL="redis://127.0.0.1:9") | changes
    process = await _start(environment)
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode != 0
    assert reason in errors.decode()
