"""A service as a process: it starts, and on SIGTERM it finishes what it has begun."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
from ports import free_port
from recording_sidecar import RecordingSidecar
from running_app import eventually

ANN = {"x-user-id": "ann"}


@asynccontextmanager
async def _process(
    module: str, url: str, sidecar: RecordingSidecar, **extra: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    port = free_port()
    environment = os.environ | {
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "DATABASE_URL": url,
        "SIDECAR_URL": sidecar.url,
        **extra,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, env=environment, stdout=asyncio.subprocess.PIPE
    )
    address = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=address) as client:

            async def ready() -> bool:
                assert process.returncode is None
                try:
                    return (await client.get("/ready")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(ready, 120)
        yield process, address
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_request_in_flight_is_answered_before_the_process_ends(
    tasks_url: str, sidecar: RecordingSidecar
) -> None:
    blocker = await asyncpg.connect(tasks_url)
    async with _process("tasks", tasks_url, sidecar) as (process, address):
        async with httpx.AsyncClient(base_url=address, headers=ANN) as client:
            transaction = blocker.transaction()
            await transaction.start()
            await blocker.execute("LOCK TABLE tasks")
            request = asyncio.create_task(client.post("/tasks", json={"title": "x"}))
            # The lock of the request's own write: the relay's look waits for it too.
            waiting = (
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'RowExclusiveLock'"
                " AND relation = 'tasks'::regclass"
            )
            await eventually(lambda: blocker.fetchval(waiting))
            process.send_signal(signal.SIGTERM)
            await eventually(lambda: _refuses(address))
            assert not request.done()
            await transaction.rollback()
            answer = await request
        code = await asyncio.wait_for(process.wait(), 60)
    await blocker.close()
    assert answer.status_code == 201
    assert code == 0


async def _refuses(address: str) -> bool:
    try:
        async with httpx.AsyncClient(base_url=address) as client:
            await client.get("/health")
    except httpx.TransportError:
        return True
    return False


async def test_while_draining_the_service_works_but_is_not_ready(
    tasks_url: str, sidecar: RecordingSidecar
) -> None:
    async with _process("tasks", tasks_url, sidecar, DRAIN_SECONDS="6") as (process, address):
        async with httpx.AsyncClient(base_url=address, headers=ANN) as client:
            process.send_signal(signal.SIGTERM)

            async def draining() -> bool:
                answer = await client.get("/ready")
                return answer.status_code == 503 and answer.json()["status"] == "draining"

            await eventually(draining)
            made = await client.post("/tasks", json={"title": "x"})
        code = await asyncio.wait_for(process.wait(), 60)
    assert (made.status_code, code) == (201, 0)


async def test_notifications_start_and_stop_cleanly(
    notifications_url: str, sidecar: RecordingSidecar
) -> None:
    async with _process("notifications", notifications_url, sidecar) as (process, _):
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 60) == 0
