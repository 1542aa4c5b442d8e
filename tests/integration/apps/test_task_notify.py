"""A user is told about a task by the notification service, through the sidecar."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from aiohttp import web
from recording_sidecar import RecordingSidecar

ANN = {"x-user-id": "ann"}


@asynccontextmanager
async def _notification_service(answer: web.Response) -> AsyncIterator[tuple[str, list[object]]]:
    """Where the other service stands: it records what it is asked and answers the same always."""
    asked: list[object] = []

    async def send(request: web.Request) -> web.Response:
        asked.append((request.headers["x-user-id"], await request.json()))
        return answer

    app = web.Application()
    app.router.add_post("/send-notification", send)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


async def _notify(tasks_service: str) -> tuple[str, httpx.Response]:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        task = (await client.post("/tasks", json={"title": "milk"})).json()["id"]
        return task, await client.post(f"/tasks/{task}/notify")


async def test_the_answer_of_the_notification_service_comes_back(
    tasks_service: str, sidecar: RecordingSidecar
) -> None:
    said = web.json_response({"id": "n1", "status": "pending"})
    async with _notification_service(said) as (url, asked):
        sidecar.apps["notification-service"] = url
        task, answer = await _notify(tasks_service)
    assert answer.status_code == 200
    assert answer.json() == {"status": "notified", "response": {"id": "n1", "status": "pending"}}
    assert asked == [("ann", {"task_id": task, "event": "task.created"})]
    assert sidecar.invoked[0][1] == "/v1.0/invoke/notification-service/method/send-notification"


@pytest.mark.parametrize(
    ("said", "wanted"), [(web.Response(), None), (web.Response(text="queued"), "queued")]
)
async def test_an_answer_that_is_not_json_comes_back_as_text(
    tasks_service: str, sidecar: RecordingSidecar, said: web.Response, wanted: object
) -> None:
    async with _notification_service(said) as (url, _):
        sidecar.apps["notification-service"] = url
        _, answer = await _notify(tasks_service)
    assert answer.json() == {"status": "notified", "response": wanted}


async def test_a_refusal_is_told_as_unavailable(
    tasks_service: str, sidecar: RecordingSidecar
) -> None:
    async with _notification_service(web.Response(status=422)) as (url, _):
        sidecar.apps["notification-service"] = url
        _, answer = await _notify(tasks_service)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.json()["error"] == "the notification service answered 422"


async def test_a_service_that_is_away_is_told_as_unavailable(
    tasks_service: str, sidecar: RecordingSidecar
) -> None:
    sidecar.unreachable_invokes = 100
    _, answer = await _notify(tasks_service)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert len(sidecar.invoked) > 1
