"""A task is changed field by field, by version if asked, and its history tells all of it."""

import asyncio

import asyncpg
import httpx
import pytest
from recording_sidecar import RecordingSidecar
from running_app import eventually

ANN = {"x-user-id": "ann"}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def _task(client: httpx.AsyncClient, **fields: object) -> dict[str, object]:
    answer = await client.post("/tasks", json={"title": "milk", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_changed_field_is_stored_and_announced(
    tasks_service: str, sidecar: RecordingSidecar
) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        task = await _task(client, description="two litres", due_date="2030-01-02T03:04:05Z")
        body = {"title": "bread", "description": None}
        changed = await client.patch(f"/tasks/{task['id']}", json=body)
        read = await client.get(f"/tasks/{task['id']}")
    assert changed.status_code == 200
    assert changed.json() == read.json()
    assert changed.json() == {
        **task,
        **body,
        "version": 2,
        "updated_at": changed.json()["updated_at"],
    }
    assert changed.headers["etag"] == read.headers["etag"] == '"2"'
    await eventually(lambda: len(sidecar.events) >= 2)
    event = next(e for e in sidecar.events if "updated" in e["type"])
    assert (event["seq"], event["data"]) == (
        2,
        {
            "task_id": task["id"],
            "user_id": "ann",
            "changed": {"title": "bread", "description": None, "due_date": None, "status": None},
            "changed_fields": ["title", "description"],
            "updated_at": changed.json()["updated_at"],
            "version": 2,
        },
    )


async def test_completing_and_reopening_by_an_update(
    tasks_service: str, sidecar: RecordingSidecar
) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        path = f"/tasks/{(await _task(client))['id']}"
        done = (await client.patch(path, json={"status": "completed"})).json()
        same = (await client.patch(path, json={"status": "completed"})).json()
        open_again = (await client.patch(path, json={"status": "pending"})).json()
        metrics = (await client.get("/metrics")).text
    assert done == same
    assert (done["status"], done["completed_at"]) == ("completed", done["updated_at"])
    assert (open_again["status"], open_again["completed_at"]) == ("pending", None)
    assert open_again["version"] == 3
    assert 'task_completion_seconds_count{status="completed"}' in metrics
    await eventually(lambda: len(sidecar.events) >= 4)
    by_seq = sorted(sidecar.events, key=lambda event: event["seq"])
    assert [(e["seq"], e["type"].split(".")[3]) for e in by_seq] == [
        (1, "created"),
        (2, "updated"),
        (3, "completed"),
        (4, "updated"),
    ]
    assert by_seq[3]["data"]["changed"]["status"] == "pending"


async def test_a_change_for_another_version_changes_nothing(
    tasks_service: str, tasks_url: str
) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        path = f"/tasks/{(await _task(client))['id']}"
        await client.patch(path, json={"title": "bread", "version": 1})
        stale = [
            await client.patch(path, json={"title": "x"}, headers={"if-match": '"1"'}),
            await client.patch(path, json={"title": "x", "version": 1}),
        ]
        torn = await client.patch(
            path, json={"title": "x", "version": 2}, headers={"if-match": '"1"'}
        )
        odd = await client.patch(path, json={"title": "x"}, headers={"if-match": "W/x"})
        right = await client.patch(path, json={"title": "eggs"}, headers={"if-match": '"2"'})
    for answer in stale:
        assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")
        assert answer.json()["error"] == "version 1 was expected, the present one is 2"
    assert (torn.status_code, odd.status_code) == (422, 422)
    assert (right.json()["title"], right.json()["version"]) == ("eggs", 3)
    connection = await asyncpg.connect(tasks_url)
    assert await connection.fetchval("SELECT seq FROM user_seq") == 3
    await connection.close()


async def test_of_changes_for_the_same_version_one_is_made(tasks_service: str) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        path = f"/tasks/{(await _task(client))['id']}"
        answers = await asyncio.gather(
            *(client.patch(path, json={"title": f"t{n}", "version": 1}) for n in range(8))
        )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7


async def test_changes_of_different_fields_at_once_are_all_made(tasks_service: str) -> None:
    bodies = [{"title": "x"}, {"description": "y"}, {"status": "completed"}]
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        path = f"/tasks/{(await _task(client))['id']}"
        answers = await asyncio.gather(*(client.patch(path, json=body) for body in bodies))
        task = (await client.get(path)).json()
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert (task["title"], task["description"], task["status"]) == ("x", "y", "completed")
    assert task["version"] == 4


async def test_the_history_names_who_when_what_and_in_which_trace(tasks_service: str) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        task = await _task(client)
        path = f"/tasks/{task['id']}"
        trace = {"traceparent": TRACE}
        await client.patch(path, json={"title": "bread"}, headers=trace)
        await client.post(f"{path}/complete")
        await client.patch(path, json={"status": "pending"})
        await client.delete(path)
        whole = (await client.get(f"{path}/audit")).json()
        first = (await client.get(f"{path}/audit", params={"limit": 2})).json()
        rest = (await client.get(f"{path}/audit", params={"after": first["next"]})).json()
    assert [entry["action"] for entry in whole["items"]] == [
        "created",
        "updated",
        "completed",
        "reopened",
        "deleted",
    ]
    assert [entry["version"] for entry in whole["items"]] == [1, 2, 3, 4, 5]
    assert {entry["actor"] for entry in whole["items"]} == {"ann"}
    assert whole["items"][0]["changes"] == {
        "title": {"before": None, "after": "milk"},
        "status": {"before": None, "after": "pending"},
    }
    assert whole["items"][0]["at"] == task["created_at"]
    assert whole["items"][1]["changes"] == {"title": {"before": "milk", "after": "bread"}}
    assert whole["items"][1]["trace_id"] == TRACE[3:35]
    assert list(whole["items"][4]["changes"]) == ["deleted_at"]
    assert first["items"] + rest["items"] == whole["items"]
    assert (first["next"], rest["next"]) == ("2", None)


@pytest.mark.parametrize("body", [{}, {"title": None}, {"title": "\x00"}, {"user_id": "bob"}])
async def test_what_cannot_be_meant_is_refused(tasks_service: str, body: dict[str, object]) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        path = f"/tasks/{(await _task(client))['id']}"
        answer = await client.patch(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_a_deleted_task_can_be_changed_no_more(tasks_service: str) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        path = f"/tasks/{(await _task(client))['id']}"
        await client.delete(path)
        answers = [
            await client.patch(path, json={"title": "x"}),
            await client.post(f"{path}/complete"),
            await client.delete(path),
            await client.post(f"{path}/notify"),
        ]
    assert [answer.status_code for answer in answers] == [404] * 4
