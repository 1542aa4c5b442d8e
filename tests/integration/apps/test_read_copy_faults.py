"""Copies when something fails: a crash, a store that is away, writes that come late."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from postgres import PostgresServer
from read_copy_stack import Stack, read_copy_stack
from running_app import eventually

from tasks.read_copy.consistency import ConsistencyCheck
from tasks.read_copy.mode import ReadCopyMode
from tasks.read_copy.records import Noted
from tasks.read_copy.store import put_newer
from tasks.read_copy.task_copy import TaskCopy, copy_key
from tasks.read_copy.worker import GRACE_SECONDS
from todo_shared.models import TaskResponse

pytestmark = pytest.mark.timeout(1800)
POSTGRES, DUAL, FIRST, ONLY = ReadCopyMode
ANN = {"x-user-id": "ann"}


@pytest.fixture
async def stack(postgres: PostgresServer, tasks_url: str, tmp_path: Path) -> AsyncIterator[Stack]:
    """A database, a store, nothing running."""
    async with read_copy_stack(postgres, tasks_url, tmp_path) as running:
        yield running


def _client(address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=address, headers=ANN, timeout=60)


async def _copy(stack: Stack, task: str) -> TaskCopy | None:
    held = await stack.store.get(copy_key("ann", task))
    return None if held is None else TaskCopy.parse(held.value)


async def _title(stack: Stack, task: str) -> str | None:
    copy = await _copy(stack, task)
    return None if copy is None or copy.task is None else copy.task.title


async def test_a_change_is_copied_before_it_is_answered(stack: Stack) -> None:
    await stack.jump(FIRST)
    async with stack.service(FIRST) as address, _client(address) as client:
        made = (await client.post("/tasks", json={"title": "a"})).json()
        copy = await _copy(stack, made["id"])
        assert copy is not None and copy.task == TaskResponse.model_validate(made)
        changed = (await client.patch(f"/tasks/{made['id']}", json={"title": "b"})).json()
        copy = await _copy(stack, made["id"])
        assert copy is not None and copy.task == TaskResponse.model_validate(changed)
        assert (await client.get(f"/tasks/{made['id']}")).json() == changed
        assert await stack.records.due_count() == 0
        assert (await client.delete(f"/tasks/{made['id']}")).status_code == 204
        assert await _copy(stack, made["id"]) == TaskCopy(3, None)
        assert (await client.get(f"/tasks/{made['id']}")).status_code == 404


async def test_a_crash_between_commit_and_copy_loses_nothing(stack: Stack) -> None:
    """The replica that made the change is gone; what it committed is copied by another one."""
    await stack.jump(DUAL)
    # As a replica leaves it that ended there, or one of a version that knows no copies.
    async with stack.service(POSTGRES) as address, _client(address) as client:
        task = (await client.post("/tasks", json={"title": "left behind"})).json()["id"]
        assert (await client.post(f"/tasks/{task}/complete")).status_code == 200
    assert await _copy(stack, task) is None
    assert await stack.records.due_count() == 1
    async with stack.service(DUAL):
        await eventually(lambda: _settled(stack), GRACE_SECONDS + 60)
    copy = await _copy(stack, task)
    assert copy is not None and copy.task is not None
    assert (copy.version, copy.task.completed_at is not None) == (2, True)


async def _settled(stack: Stack) -> bool:
    return await stack.records.due_count() == 0


async def test_while_the_store_is_away_writes_succeed_and_reads_fall_back(stack: Stack) -> None:
    await stack.jump(FIRST)
    async with stack.service(FIRST) as address, _client(address) as client:
        task = (await client.post("/tasks", json={"title": "a"})).json()["id"]
        await asyncio.to_thread(stack.daprd.kill)
        changed = await client.patch(f"/tasks/{task}", json={"title": "b"})
        assert changed.status_code == 200
        assert (await client.get(f"/tasks/{task}")).json()["title"] == "b"
        other = (await client.post("/tasks", json={"title": "new"})).json()["id"]
        assert (await client.get(f"/tasks/{other}")).json()["title"] == "new"
        stack.daprd.start()
        await eventually(stack.sidecar.ready, 60)
        # The copy is behind for now, and is not taken.
        assert (await client.get(f"/tasks/{task}")).json()["title"] == "b"
        await eventually(lambda: _settled(stack), GRACE_SECONDS + 60)
        assert await _title(stack, task) == "b"
        assert await _title(stack, other) == "new"


async def test_in_the_last_phase_a_store_that_is_away_is_told(stack: Stack) -> None:
    await stack.jump(ONLY)
    async with stack.service(ONLY) as address, _client(address) as client:
        task = (await client.post("/tasks", json={"title": "a"})).json()["id"]
        await stack.store.save(copy_key("ann", task), b'{"strange": 1}')
        assert (await client.get(f"/tasks/{task}")).status_code == 503
        await asyncio.to_thread(stack.daprd.kill)
        assert (await client.get(f"/tasks/{task}")).status_code == 503
        assert (await client.get("/tasks")).json()["items"][0]["id"] == task
        assert (await client.patch(f"/tasks/{task}", json={"title": "b"})).status_code == 200
        # The way back needs no store.
        assert await stack.admit(DUAL) == []
        await eventually(lambda: _reads(client, task, "b"))


async def _reads(client: httpx.AsyncClient, task: str, title: str) -> bool:
    answer = await client.get(f"/tasks/{task}")
    return answer.status_code == 200 and answer.json()["title"] == title


async def test_a_late_write_does_not_bring_a_deleted_task_back(stack: Stack) -> None:
    await stack.jump(DUAL)
    async with stack.service(DUAL) as address, _client(address) as client:
        made = (await client.post("/tasks", json={"title": "a"})).json()
        key = copy_key("ann", made["id"])
        late = TaskCopy(1, TaskResponse.model_validate(made))
        await stack.store.delete(key)
        assert (await client.delete(f"/tasks/{made['id']}")).status_code == 204
    assert await _copy(stack, made["id"]) == TaskCopy(2, None)
    assert not await put_newer(stack.store, key, late)
    assert await _copy(stack, made["id"]) == TaskCopy(2, None)
    expires = await stack.postgres.execute(
        "SELECT expires_at - now() AS left FROM state", f"{stack.url.rpartition('/')[2]}_state"
    )
    assert 6 <= expires[0]["left"].days < 7


async def test_changes_by_hand_are_copied_too(stack: Stack) -> None:
    await stack.jump(DUAL)
    async with stack.service(DUAL) as address, _client(address) as client:
        one, other = [
            (await client.post("/tasks", json={"title": "a"})).json()["id"] for _ in range(2)
        ]
        await stack.sql(f"UPDATE tasks SET title = 'by hand' WHERE id = '{one}'")
        await stack.sql(f"DELETE FROM tasks WHERE id = '{other}'")
        await eventually(lambda: _settled(stack), GRACE_SECONDS + 60)
    assert await _title(stack, one) == "by hand"
    assert await _copy(stack, other) == TaskCopy(2, None)
    report = await ConsistencyCheck(stack.store, stack.records, pauses=[0]).run()
    assert (report.checked, report.differences) == (2, 0)


async def test_a_batch_goes_on_around_values_that_others_write(stack: Stack) -> None:
    await stack.jump(DUAL)
    await stack.legacy(200)
    noted = [Noted(*row) for row in await stack.sql("SELECT id, user_id, version FROM tasks")]
    parts = [noted, noted[50:150], noted[::-1]]
    await asyncio.gather(*(stack.copying.copy(part) for part in parts))
    report = await ConsistencyCheck(stack.store, stack.records, pauses=[0]).run()
    assert (report.checked, report.differences) == (200, 0)
    assert await stack.copying.copy(noted) == 0
    assert await stack.records.due_count() == 0


async def test_an_instance_is_copied_like_any_task(stack: Stack) -> None:
    await stack.jump(DUAL)
    async with stack.service(DUAL) as address, _client(address) as client:
        body = {
            "title": "weekly",
            "recurrence_rule": "0 9 * * *",
            "time_zone": "UTC",
            "starts_at": "2026-12-01T00:00",
        }
        template = await client.post("/recurring-tasks", json=body)
        assert template.status_code == 201, template.text
        wanted = {
            "version": 1,
            "occurrence_key": "2026-12-01T09:00",
            "instance_date": "2026-12-01",
            "due_date": "2026-12-01T09:00:00Z",
            "next_generation_time": None,
        }
        made = await client.post(
            f"/recurring-tasks/{template.json()['id']}/instances",
            json=wanted,
            headers={"dapr-caller-app-id": "scheduler-service"},
        )
        assert made.status_code == 201, made.text
        assert await _title(stack, made.json()["id"]) == "weekly"
        assert await stack.records.due_count() == 0
        found = await stack.records.version("ann", UUID(made.json()["id"]))
        assert found == 1
