"""The service as a process: on SIGTERM it finishes the event that it has begun."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from analytics_stack import created, rows, sent
from ports import free_port
from recording_sidecar import RecordingSidecar
from running_app import eventually


@pytest.fixture
async def process(
    analytics_url: str, sidecar: RecordingSidecar
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A ready process and its address."""
    port = free_port()
    environment = os.environ | {
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "DATABASE_URL": analytics_url,
        "SIDECAR_URL": sidecar.url,
    }
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "analytics", env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        await eventually(lambda: _answers(address, "/ready"), 120)
        yield started, address
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def _answers(address: str, path: str) -> bool:
    try:
        async with httpx.AsyncClient(base_url=address) as client:
            return (await client.get(path)).status_code == 200
    except httpx.TransportError:
        return False


async def test_an_event_in_flight_is_projected_before_the_process_ends(
    analytics_url: str, process: tuple[asyncio.subprocess.Process, str]
) -> None:
    started, address = process
    blocker = await asyncpg.connect(analytics_url)
    transaction = blocker.transaction()
    await transaction.start()
    await blocker.execute("LOCK TABLE projection_a.tasks")
    async with httpx.AsyncClient(base_url=address) as client:
        event = sent(created("one"), 1).wire
        request = asyncio.create_task(client.post("/events/task-created", json=event))
        # The lock of the event's own write: what the service looks up by itself waits too.
        waiting = (
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'RowExclusiveLock'"
            " AND relation = 'projection_a.tasks'::regclass"
        )
        await eventually(lambda: blocker.fetchval(waiting))
        started.send_signal(signal.SIGTERM)

        async def refuses() -> bool:
            return not await _answers(address, "/health")

        await eventually(refuses)
        assert not request.done()
        await transaction.rollback()
        answer = await request
    await blocker.close()
    assert await asyncio.wait_for(started.wait(), 60) == 0
    assert answer.json() == {"status": "SUCCESS"}
    assert await rows(analytics_url, "SELECT task_id FROM projection_a.tasks") == [("one",)]


async def test_it_is_not_ready_without_its_sidecar(
    sidecar: RecordingSidecar, process: tuple[asyncio.subprocess.Process, str]
) -> None:
    _, address = process
    sidecar.healthy = False
    async with httpx.AsyncClient(base_url=address) as client:

        async def unready() -> bool:
            answer = await client.get("/ready")
            checks = answer.json()["checks"]
            return answer.status_code == 503 and checks == {"sidecar": False, "database": True}

        await eventually(unready)
        assert (await client.get("/health")).status_code == 200
