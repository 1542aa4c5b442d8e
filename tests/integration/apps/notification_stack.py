"""The notification service with a sink behind its bindings, and the events it receives."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

import httpx
from aiohttp import ClientSession, web
from recording_sidecar import RecordingSidecar
from running_app import eventually, running

from notifications.app import create_app
from notifications.settings import DeliverySettings
from notifications.sink.app import create_sink
from todo_shared.events.envelope import StoredEvent, encode, new_event
from todo_shared.events.payloads import (
    EventData,
    ReminderCanceled,
    ReminderTriggered,
    TaskCreated,
    UserRegistered,
)
from todo_shared.ids import derived
from todo_shared.settings import DatabaseSettings, ServiceSettings

QUICK = DeliverySettings(
    delivery_sweep_seconds=0.3,
    delivery_backoff_seconds=0.02,
    delivery_send_seconds=3.0,
    delivery_lease_seconds=6.0,
)
NOW = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass
class BindingSidecar(RecordingSidecar):
    """Passes output bindings on to `target`, as the HTTP binding of the real sidecar does, while it
    is `open`.

    That it says what the real one says is tested beside the real one.
    """

    target: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def routes(self, app: web.Application) -> None:
        app.router.add_post("/v1.0/bindings/{name}", self._bind)

    async def __aenter__(self) -> Self:
        self._session = ClientSession()
        self.open.set()
        return await super().__aenter__()

    async def __aexit__(self, *details: object) -> None:
        await self._session.close()
        await super().__aexit__(*details)

    async def _bind(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        body = await request.json()
        self.calls.append((name, body))
        await self.open.wait()
        headers = {k: v for k, v in body["metadata"].items() if k[0].isupper()}
        headers["traceparent"] = request.headers.get("traceparent", "")
        async with self._session.post(
            f"{self.target}/{name}", data=json.dumps(body["data"]), headers=headers
        ) as answer:
            payload = await answer.read()
            if answer.status < 300:
                return web.Response(body=payload)
            said = f"error invoking output binding {name}: received status code {answer.status}"
            failure = {"errorCode": "ERR_INVOKE_OUTPUT_BINDING", "message": said}
            return web.json_response(failure, status=500)


@dataclass
class Stack:
    """Replicas of the service over one database, and the sink that all of them send to."""

    urls: list[str]
    sink_url: str
    sidecar: BindingSidecar

    def service(self, user: str = "ann", replica: int = 0) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.urls[replica], headers={"x-user-id": user})

    def sink(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.sink_url)

    async def hand_on(self, *events: dict[str, Any], replica: int = 0) -> None:
        """Deliver events in one bulk to the route of their topic; they must be taken."""
        route = "/events/" + events[0]["topic"].removeprefix("dev.").replace(".", "-")
        entries = [{"entryId": str(n), "event": event} for n, event in enumerate(events)]
        async with self.service(replica=replica) as client:
            answer = await client.post(route, json={"entries": entries})
        assert {each["status"] for each in answer.json()["statuses"]} == {"SUCCESS"}

    async def deliveries(self) -> list[dict[str, Any]]:
        async with self.service() as client:
            return (await client.get("/deliveries")).json()["items"]

    async def messages(self, **query: str) -> list[dict[str, Any]]:
        async with self.sink() as client:
            return (await client.get("/messages", params=query)).json()["items"]

    async def behave(self, channel: str = "email", **how: Any) -> None:
        async with self.sink() as client:
            answer = await client.put("/behaviour", json={"channel": channel, **how})
            assert answer.status_code == 200, answer.text

    async def settled(self, count: int, *status: str, seconds: float = 60) -> list[dict[str, Any]]:
        """The deliveries, once there are `count` of them and each has one of these states."""

        async def there() -> list[dict[str, Any]]:
            found = await self.deliveries()
            return found if [d["status"] in status for d in found] == [True] * count else []

        return await eventually(there, seconds)


@asynccontextmanager
async def notification_stack(
    database_url: str, *, replicas: int = 1, settings: DeliverySettings = QUICK
) -> AsyncIterator[Stack]:
    """A running stack."""
    async with AsyncExitStack() as stack:
        sink = await stack.enter_async_context(running_sink())
        sidecar = await stack.enter_async_context(BindingSidecar(target=sink))
        urls: list[str] = []
        for _ in range(replicas):
            app = create_app(
                ServiceSettings(sidecar_url=sidecar.url, port=1),
                DatabaseSettings(database_url=database_url),
                settings,
            )
            urls.append(await stack.enter_async_context(running(app)))
        yield Stack(urls, sink, sidecar)


@asynccontextmanager
async def running_sink() -> AsyncIterator[str]:
    """The address of a sink."""
    app = create_sink()
    # The helper waits for /ready, which the sink has no dependencies for.
    app.add_api_route("/ready", lambda: {"status": "ready"}, methods=["GET"])
    async with running(app) as url:
        yield url


def event(data: EventData, *cause: str, seq: int = 1) -> dict[str, Any]:
    """A CloudEvent as the sidecar hands it on; the same cause makes the same event."""
    made = new_event(derived(*cause), data, datetime.now(UTC))
    trace = "00-" + "1" * 32 + "-" + "2" * 16 + "-01"
    stored = StoredEvent(1, made.id, made.topic, made.key, seq, made.time, made.data, trace, "c")
    wire = json.loads(encode(stored, "a-service"))
    return wire | {"topic": f"dev.{made.topic}", "pubsubname": "task-events"}


def created(task: str, user: str = "ann", seq: int = 1) -> dict[str, Any]:
    data = TaskCreated(task_id=task, user_id=user, title=f"title of {task}")
    return event(data, "task.created", task, seq=seq)


def triggered(reminder: str, channel: str = "email", user: str = "ann") -> dict[str, Any]:
    data = ReminderTriggered(
        reminder_id=reminder,
        task_id=f"task-of-{reminder}",
        user_id=user,
        notification_channel=channel,
        trigger_time=NOW,
        title="milk <b>",
        fired_at=NOW,
    )
    return event(data, "reminder.triggered", reminder)


def canceled(reminder: str, user: str = "ann") -> dict[str, Any]:
    data = ReminderCanceled(
        reminder_id=reminder, task_id=f"task-of-{reminder}", user_id=user, reason="task_completed"
    )
    return event(data, "reminder.canceled", reminder)


def registered(user: str) -> dict[str, Any]:
    return event(UserRegistered(user_id=user, registered_at=NOW), "user.registered", user)
