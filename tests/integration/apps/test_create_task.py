"""A created task is stored once, announced once, and readable by its owner alone."""

import asyncio

import asyncpg
import httpx
from recording_sidecar import RecordingSidecar
from running_app import eventually

ANN = {"x-user-id": "ann"}
BOB = {"x-user-id": "bob"}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_a_created_task_is_announced_with_its_user_as_key(
    tasks_service: str, sidecar: RecordingSidecar
) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        made = await client.post(
            "/tasks",
            json={"title": "milk", "due_date": "2030-01-02T03:04:05+01:00"},
            headers={"traceparent": TRACE, "x-correlation-id": "request-1"},
        )
    assert made.status_code == 201
    await eventually(lambda: sidecar.bulks)
    bulk = sidecar.bulks[0]
    assert bulk.path == "/v1.0-alpha1/publish/bulk/task-events/test.task.created"
    entry = bulk.entries[0]
    assert entry["metadata"] == {"partitionKey": "ann"}
    assert entry["contentType"] == "application/cloudevents+json"
    event = entry["event"]
    assert event["traceparent"] == event["traceid"] == TRACE
    assert event["correlationid"] == "request-1"
    assert (event["specversion"], event["source"]) == ("1.0", "task-service")
    assert event["type"] == "com.todo.task.created.v1"
    assert (event["seq"], event["partitionkey"]) == (1, "ann")
    assert event["data"] == {
        "task_id": made.json()["id"],
        "user_id": "ann",
        "title": "milk",
        "description": None,
        "due_date": "2030-01-02T03:04:05+01:00",
        "recurring_task_id": None,
        "instance_date": None,
        "series_version": None,
    }


async def test_an_acknowledged_event_leaves_the_outbox(
    tasks_service: str, tasks_url: str, sidecar: RecordingSidecar
) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        await client.post("/tasks", json={"title": "milk"})
    connection = await asyncpg.connect(tasks_url)

    async def empty() -> bool:
        return await connection.fetchval("SELECT count(*) FROM outbox") == 0

    await eventually(lambda: sidecar.bulks)
    await eventually(empty)
    await connection.close()


async def test_the_same_key_and_body_make_one_task_and_one_event(
    tasks_service: str, sidecar: RecordingSidecar
) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        answers = await asyncio.gather(
            *(
                client.post("/tasks", json={"title": "milk"}, headers={"Idempotency-Key": "k"})
                for _ in range(8)
            )
        )
        await client.post("/tasks", json={"title": "last"})
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    await eventually(lambda: len(sidecar.events) >= 2)
    assert [event["data"]["title"] for event in sidecar.events] == ["milk", "last"]


async def test_a_key_used_with_another_body_is_refused(tasks_service: str) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        key = {"Idempotency-Key": "k"}
        await client.post("/tasks", json={"title": "milk"}, headers=key)
        other = await client.post("/tasks", json={"title": "bread"}, headers=key)
    assert other.status_code == 422
    assert other.json()["code"] == "invalid"


async def test_two_users_may_use_the_same_key(tasks_service: str) -> None:
    async with httpx.AsyncClient(base_url=tasks_service) as client:
        made = [
            await client.post(
                "/tasks", json={"title": "x"}, headers={**who, "Idempotency-Key": "k"}
            )
            for who in (ANN, BOB)
        ]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json()["id"] != made[1].json()["id"]


async def test_another_users_task_answers_like_one_that_does_not_exist(tasks_service: str) -> None:
    async with httpx.AsyncClient(base_url=tasks_service) as client:
        task = (await client.post("/tasks", json={"title": "x"}, headers=ANN)).json()["id"]
        as_bob = [
            await client.get(f"/tasks/{task}", headers=BOB),
            await client.post(f"/tasks/{task}/complete", headers=BOB),
            await client.delete(f"/tasks/{task}", headers=BOB),
        ]
        absent = await client.get("/tasks/no-such-id", headers=BOB)
        listed = (await client.get("/tasks", headers=BOB)).json()
        kept = await client.get(f"/tasks/{task}", headers=ANN)
    for answer in [*as_bob, absent]:
        assert (answer.status_code, answer.json()["error"]) == (404, "task not found")
    assert listed == {"items": [], "next": None}
    assert kept.json()["status"] == "pending"


async def test_completing_twice_changes_once_and_announces_once(
    tasks_service: str, sidecar: RecordingSidecar
) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        task = (await client.post("/tasks", json={"title": "x"})).json()["id"]
        first = await client.post(f"/tasks/{task}/complete")
        again = await client.post(f"/tasks/{task}/complete")
        await client.delete(f"/tasks/{task}")
    assert first.json() == again.json()
    assert first.json()["status"] == "completed"
    await eventually(lambda: len(sidecar.events) >= 3)
    by_seq = sorted(sidecar.events, key=lambda event: event["seq"])
    assert [(event["seq"], event["type"]) for event in by_seq] == [
        (1, "com.todo.task.created.v1"),
        (2, "com.todo.task.completed.v1"),
        (3, "com.todo.task.deleted.v1"),
    ]


async def test_completing_at_the_same_time_changes_once(
    tasks_service: str, sidecar: RecordingSidecar
) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        task = (await client.post("/tasks", json={"title": "x"})).json()["id"]
        answers = await asyncio.gather(*(client.post(f"/tasks/{task}/complete") for _ in range(8)))
        await client.post("/tasks", json={"title": "last"})
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["completed_at"] for answer in answers}) == 1
    await eventually(lambda: len(sidecar.events) >= 3)
    assert len([e for e in sidecar.events if "completed" in e["type"]]) == 1


async def test_a_deleted_task_is_no_longer_shown_but_kept(
    tasks_service: str, tasks_url: str
) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        task = (await client.post("/tasks", json={"title": "x"})).json()["id"]
        assert (await client.delete(f"/tasks/{task}")).status_code == 204
        assert (await client.get(f"/tasks/{task}")).status_code == 404
        assert (await client.get("/tasks")).json()["items"] == []
    connection = await asyncpg.connect(tasks_url)
    assert await connection.fetchval("SELECT count(*) FROM tasks WHERE deleted_at IS NOT NULL") == 1
    await connection.close()


async def test_pages_show_every_task_once_newest_first(tasks_service: str) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        for number in range(5):
            await client.post("/tasks", json={"title": f"t{number}"})
        seen: list[str] = []
        query: dict[str, str] = {"limit": "2"}
        while True:
            page = (await client.get("/tasks", params=query)).json()
            seen += [task["title"] for task in page["items"]]
            if page["next"] is None:
                break
            query["after"] = page["next"]
        done = await client.get("/tasks", params={"status": "completed"})
        odd = await client.get("/tasks", params={"after": "%%%"})
    assert seen == ["t4", "t3", "t2", "t1", "t0"]
    assert done.json()["items"] == []
    assert odd.status_code == 422


async def test_requests_without_a_caller_are_refused(tasks_service: str) -> None:
    async with httpx.AsyncClient(base_url=tasks_service) as client:
        answer = await client.post("/tasks", json={"title": "x"})
    assert answer.status_code == 422
    assert answer.json()["details"] == ["header.x-user-id: Field required"]


async def test_metrics_name_routes_and_never_users(tasks_service: str) -> None:
    rare = {"x-user-id": "zdzislaw"}
    async with httpx.AsyncClient(base_url=tasks_service, headers=rare) as client:
        task = (await client.post("/tasks", json={"title": "x"})).json()["id"]
        await client.get(f"/tasks/{task}")
        text = (await client.get("/metrics")).text
    assert 'http_requests_total{method="GET",route="/tasks/{task_id}",status="200"}' in text
    assert 'http_request_duration_seconds_bucket{le="0.3"' in text
    assert "tasks_created_total" in text
    assert 'route="/ready"' not in text
    assert "zdzislaw" not in text
