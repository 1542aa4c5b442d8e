"""A created task is stored, announced and readable."""

import httpx
from recording_sidecar import RecordingSidecar
from running_app import eventually

ANN = {"x-user-id": "ann"}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_a_created_task_is_announced_with_its_user_as_key(
    tasks_service: str, sidecar: RecordingSidecar
) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        made = await client.post("/tasks", json={"title": "milk"}, headers={"traceparent": TRACE})
    assert made.status_code == 201
    await eventually(lambda: sidecar.bulks)
    bulk = sidecar.bulks[0]
    assert bulk.path == "/v1.0-alpha1/publish/bulk/task-events/test.task.created"
    entry = bulk.entries[0]
    assert entry["metadata"] == {"partitionKey": "ann"}
    assert entry["contentType"] == "application/cloudevents+json"
    event = entry["event"]
    assert event["traceparent"] == event["traceid"] == TRACE
    assert (event["specversion"], event["source"]) == ("1.0", "task-service")
    assert event["type"] == "com.todo.task.created.v1"
    assert event["seq"] == 1
    assert event["data"]["task_id"] == made.json()["id"]
