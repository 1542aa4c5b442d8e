"""An event has one delivery, however often and in whatever company it arrives."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
from postgres import PostgresServer

from todo_shared.events.envelope import StoredEvent, encode, new_event
from todo_shared.events.payloads import TaskCreated
from todo_shared.ids import derived

ROUTE = "/events/task-created"


def event(task_id: str, user: str = "ann", seq: int = 1) -> dict[str, Any]:
    """A CloudEvent as the sidecar hands it on."""
    import json

    data = TaskCreated(task_id=task_id, user_id=user, title=f"title of {task_id}")
    new = new_event(derived("task.created", task_id), data, datetime.now(UTC))
    stored = StoredEvent(
        1, new.id, new.topic, new.key, seq, new.time, new.data, "00-" + "1" * 32 + "-2-01", "c"
    )
    wire = json.loads(encode(stored, "task-service"))
    return wire | {"topic": "dev.task.created", "pubsubname": "task-events", "tracestate": ""}


def bulk(*events: object) -> dict[str, Any]:
    """The sidecar's bulk envelope."""
    return {
        "id": "b",
        "type": "com.dapr.event.sent.bulk",
        "entries": [
            {"entryId": str(number), "event": each, "contentType": "application/cloudevents+json"}
            for number, each in enumerate(events)
        ],
    }


async def _delivered(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    return (await client.get("/deliveries")).json()["items"]


async def test_an_event_sent_twice_has_one_delivery(notifications_service: str) -> None:
    async with httpx.AsyncClient(base_url=notifications_service) as client:
        answers = [await client.post(ROUTE, json=event("t1")) for _ in range(2)]
        found = await _delivered(client)
    assert [answer.json() for answer in answers] == [{"status": "SUCCESS"}] * 2
    assert len(found) == 1
    assert found[0]["subject"] == "Task Created"
    assert "t1" in found[0]["body"]
    assert (found[0]["channel"], found[0]["seq"]) == ("email", 1)


async def test_an_event_delivered_concurrently_has_one_delivery(notifications_service: str) -> None:
    async with httpx.AsyncClient(base_url=notifications_service) as client:
        await asyncio.gather(
            *(client.post(ROUTE, json=bulk(event("a"), event("b"))) for _ in range(6)),
            *(client.post(ROUTE, json=bulk(event("b"), event("a"))) for _ in range(6)),
        )
        found = await _delivered(client)
    assert sorted(each["task_id"] for each in found) == ["a", "b"]


async def test_a_bulk_answers_for_each_entry_and_drops_only_the_unreadable(
    notifications_service: str,
) -> None:
    foreign = event("x") | {"type": "com.todo.task.deleted.v1"}
    untyped = event("y")
    del untyped["data"]["title"]
    async with httpx.AsyncClient(base_url=notifications_service) as client:
        answer = await client.post(
            ROUTE, json=bulk(event("a"), {"no": "event"}, foreign, untyped, event("a"), event("b"))
        )
        found = await _delivered(client)
    statuses = [entry["status"] for entry in answer.json()["statuses"]]
    assert statuses == ["SUCCESS", "DROP", "DROP", "DROP", "SUCCESS", "SUCCESS"]
    assert [each["task_id"] for each in found] == ["a", "b"]


async def test_a_body_that_is_no_json_is_dropped_not_missed(notifications_service: str) -> None:
    async with httpx.AsyncClient(base_url=notifications_service) as client:
        answer = await client.post(ROUTE, content=b"\xff not json")
    assert (answer.status_code, answer.json()) == (200, {"status": "DROP"})


async def test_an_event_that_cannot_be_stored_is_set_aside_and_stored_when_it_comes_again(
    notifications_service: str, notifications_url: str, postgres: PostgresServer
) -> None:
    name = notifications_url.rpartition("/")[2]
    await postgres.execute("ALTER TABLE deliveries RENAME TO away", name)
    async with httpx.AsyncClient(base_url=notifications_service) as client:
        first = await client.post(ROUTE, json=bulk(event("a"), event("b")))
        await postgres.execute("ALTER TABLE away RENAME TO deliveries", name)
        second = await client.post(ROUTE, json=bulk(event("a"), event("b")))
        found = await _delivered(client)
    assert [entry["status"] for entry in first.json()["statuses"]] == ["DROP", "DROP"]
    assert [entry["status"] for entry in second.json()["statuses"]] == ["SUCCESS", "SUCCESS"]
    assert [each["task_id"] for each in found] == ["a", "b"]


async def test_one_event_that_fails_does_not_take_the_others_with_it(
    notifications_service: str, notifications_url: str, postgres: PostgresServer
) -> None:
    name = notifications_url.rpartition("/")[2]
    await postgres.execute("ALTER TABLE deliveries ADD CHECK (task_id <> 'bad')", name)
    async with httpx.AsyncClient(base_url=notifications_service) as client:
        answer = await client.post(ROUTE, json=bulk(event("a"), event("bad"), event("b")))
        found = await _delivered(client)
    statuses = [entry["status"] for entry in answer.json()["statuses"]]
    assert statuses == ["SUCCESS", "DROP", "SUCCESS"]
    assert [each["task_id"] for each in found] == ["a", "b"]


async def test_the_handler_rides_out_a_broken_connection(
    notifications_service: str, notifications_url: str, postgres: PostgresServer
) -> None:
    name = notifications_url.rpartition("/")[2]
    async with httpx.AsyncClient(base_url=notifications_service) as client:
        await client.post(ROUTE, json=event("a"))
        await postgres.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        answer = await client.post(ROUTE, json=event("b"))
    assert answer.json() == {"status": "SUCCESS"}


async def test_a_user_sees_only_their_own_notifications_page_by_page(
    notifications_service: str,
) -> None:
    async with httpx.AsyncClient(base_url=notifications_service) as client:
        await client.post(
            ROUTE, json=bulk(event("a"), event("b"), event("c"), event("x", user="bob"))
        )
        ann = {"x-user-id": "ann"}
        first = (await client.get("/notifications", params={"limit": 2}, headers=ann)).json()
        rest = (
            await client.get("/notifications", params={"after": first["next"]}, headers=ann)
        ).json()
        one = (await client.get("/notifications", params={"task_id": "c"}, headers=ann)).json()
        other = (await client.get("/notifications", params={"task_id": "x"}, headers=ann)).json()
        ledger = await client.get("/deliveries", params={"task_id": ["a", "x"]})
    assert [item["task_id"] for item in first["items"]] == ["a", "b"]
    assert [item["task_id"] for item in rest["items"]] == ["c"]
    assert [item["task_id"] for item in one["items"]] == ["c"]
    assert other["items"] == []
    assert [item["task_id"] for item in ledger.json()["items"]] == ["a", "x"]
