"""No route shows or changes what belongs to another user: generated from the service's routes."""

import re
from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx
import pytest

from tasks.app import create_app
from todo_shared.settings import DatabaseSettings, ServiceSettings

NOWHERE = DatabaseSettings(database_url="postgresql://nobody@localhost/none")
ANN = {"x-user-id": "ann", "dapr-caller-app-id": "scheduler-service"}
BOB = {**ANN, "x-user-id": "bob"}
DOCUMENT: dict[str, Any] = create_app(ServiceSettings(), NOWHERE).openapi()
# What a caller of these routes would send; every route with an id must find its body here.
BODIES: dict[tuple[str, str], dict[str, object] | None] = {
    ("get", "/tasks/{task_id}"): None,
    ("patch", "/tasks/{task_id}"): {"title": "stolen"},
    ("delete", "/tasks/{task_id}"): None,
    ("post", "/tasks/{task_id}/complete"): None,
    ("post", "/tasks/{task_id}/notify"): None,
    ("get", "/tasks/{task_id}/audit"): None,
    ("get", "/recurring-tasks/{recurring_task_id}"): None,
    ("get", "/recurring-tasks/{recurring_task_id}/preview"): None,
    ("patch", "/recurring-tasks/{recurring_task_id}"): {"title": "stolen"},
    ("delete", "/recurring-tasks/{recurring_task_id}"): None,
    ("post", "/recurring-tasks/{recurring_task_id}/instances"): {
        "occurrence_key": "2030-03-01T09:00",
        "instance_date": "2030-03-01",
        "due_date": "2030-03-01T09:00:00Z",
        "version": 1,
    },
}
LISTS = ("/tasks", "/recurring-tasks")
# Routes without a user: operations, and what the scheduler reads of everybody.
OF_NOBODY = {"/health", "/ready", "/metrics", "/tasks/due"}
# Conversations are kept by the sidecar: test_chat.py crosses users there.
OF_THE_CHAT = {"/chat"}


def _routes(with_id: bool) -> Iterator[tuple[str, str]]:
    for path, operations in DOCUMENT["paths"].items():
        if ("{" in path) == with_id and path not in OF_NOBODY | OF_THE_CHAT:
            yield from ((method, path) for method in operations)


@pytest.mark.parametrize(("method", "path"), [*_routes(with_id=True)])
async def test_what_belongs_to_another_answers_like_what_does_not_exist(
    tasks_service: str, tasks_url: str, method: str, path: str
) -> None:
    assert (method, path) in BODIES, "a new route: say what its callers send"
    async with httpx.AsyncClient(base_url=tasks_service) as client:
        task = await client.post("/tasks", json={"title": "x"}, headers=ANN)
        rule = {"title": "x", "recurrence_rule": "0 9 * * *", "starts_at": "2030-03-01T00:00"}
        template = await client.post("/recurring-tasks", json=rule, headers=ANN)
        of_ann = (template if "recurring" in path else task).json()["id"]
        before = await _everything(tasks_url)
        answers = [
            await client.request(
                method,
                re.sub(r"\{\w+\}", name, path),
                headers=BOB,
                json=BODIES[method, path],
            )
            for name in (of_ann, "00000000-0000-7000-8000-000000000000", "no-such-id")
        ]
    said = {(answer.status_code, answer.json()["error"]) for answer in answers}
    noun = "recurring task" if "recurring" in path else "task"
    assert said == {(404, f"{noun} not found")}
    assert await _everything(tasks_url) == before


@pytest.mark.parametrize(("method", "path"), [*_routes(with_id=False)])
async def test_a_list_shows_only_the_callers_own(
    tasks_service: str, method: str, path: str
) -> None:
    assert path in LISTS, "a new route: say what it must not show"
    body = {"title": "x", "recurrence_rule": "0 9 * * *"} if "rec" in path else {"title": "x"}
    async with httpx.AsyncClient(base_url=tasks_service) as client:
        key = {"Idempotency-Key": "k"}
        made = [await client.post(path, json=body, headers=who | key) for who in (ANN, BOB)]
        seen = (await client.request("get", path, headers=BOB)).json()["items"]
        nobody = await client.request(method, path, json=body)
    assert [answer.status_code for answer in made] == [201, 201]
    assert [item["id"] for item in seen] == [made[1].json()["id"]]
    assert nobody.status_code == 422


async def _everything(url: str) -> list[object]:
    connection = await asyncpg.connect(url)
    tables = ("tasks", "recurring_tasks", "task_audit", "user_seq")
    rows = [await connection.fetch(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]
    await connection.close()
    return rows
