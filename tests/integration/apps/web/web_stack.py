"""The gateway as a process with the real services behind it, and what it logged."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from chat_stack import chat_service
from gateway_stack import StatefulSidecar, write_keys
from notification_stack import event as event_of
from ports import free_port
from postgres import PostgresServer
from redis_server import RedisServer
from running_app import eventually, running

from notifications.app import create_app as create_notifications
from todo_shared.events.payloads import EventData
from todo_shared.settings import DatabaseSettings, ServiceSettings

# Enough for tests that are not about limits.
LIMITS = {
    "RATE_LIMIT_PER_MINUTE": "1000",
    "AUTH_RATE_LIMIT_PER_MINUTE": "1000",
    "CLIENT_RATE_LIMIT_PER_15_MINUTES": "1000",
}


@dataclass(frozen=True, slots=True)
class Backing:
    """Servers that stay while gateways and services come and go."""

    redis: RedisServer
    postgres: PostgresServer

    async def urls(self) -> dict[str, str]:
        """Fresh databases, and an empty Redis."""
        self.redis.command("FLUSHALL")
        found = {"redis_url": self.redis.url}
        for package in ("tasks", "notifications"):
            name = f"web_{package}_{uuid4().hex}"
            await self.postgres.execute(f"CREATE DATABASE {name} TEMPLATE {package}_template")
            found[f"{package}_url"] = self.postgres.url(name)
        return found


@dataclass
class GatewayProcess:
    """`python -m gateway` on one port; it can be stopped and started again."""

    folder: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def logged(self) -> list[dict[str, Any]]:
        """The lines that it has logged so far."""
        text = (self.folder / "gateway.log").read_text()
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        environment = os.environ | self.environment | {"PORT": str(self.port)}
        with (self.folder / "gateway.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "gateway"),
                env=environment,
                stdout=log,
                stderr=log,
            )
        async with httpx.AsyncClient(base_url=self.url) as client:

            async def ready() -> bool:
                assert self.process is not None
                assert self.process.returncode is None, (self.folder / "gateway.log").read_text()
                try:
                    return (await client.get("/ready")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(ready, 60)

    async def stop(self) -> int:
        """Ask it to stop; its exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 60)


@dataclass
class WebStack:
    """A running gateway, the services behind it, and the sidecar between."""

    gateway: GatewayProcess
    sidecar: StatefulSidecar

    async def create_task(self, user: str, title: str) -> httpx.Response:
        """Make a task as the user's other device would, and tell the notification service."""
        async with httpx.AsyncClient(base_url=self.sidecar.apps["task-service"]) as client:
            made = await client.post("/tasks", json={"title": title}, headers={"x-user-id": user})
        assert made.status_code == 201, made.text
        task = made.json()["id"]
        found = await eventually(lambda: self._created(task))
        async with httpx.AsyncClient(base_url=self.sidecar.apps["notification-service"]) as client:
            told = await client.post("/events/task-created", json={"entries": [_entry(found[0])]})
        assert [each["status"] for each in told.json()["statuses"]] == ["SUCCESS"]
        return made

    def _created(self, task: str) -> list[dict[str, Any]]:
        return [each for each in self.sidecar.events if each["data"].get("task_id") == task]

    async def hand_on(self, data: EventData, *cause: str) -> dict[str, Any]:
        """Deliver one event to the notification service; it must be taken."""
        made = event_of(data, *cause)
        route = "/events/" + made["topic"].removeprefix("dev.").replace(".", "-")
        async with httpx.AsyncClient(base_url=self.sidecar.apps["notification-service"]) as client:
            answer = await client.post(route, json={"entries": [_entry(made)]})
        assert [each["status"] for each in answer.json()["statuses"]] == ["SUCCESS"]
        return made


def _entry(event: dict[str, Any]) -> dict[str, Any]:
    return {"entryId": "1", "event": event}


@asynccontextmanager
async def web_stack(
    folder: Path, *, tasks_url: str, notifications_url: str, redis_url: str, **changes: str
) -> AsyncIterator[WebStack]:
    """All of it; `changes` are variables of the gateway."""
    jwks, signing = write_keys(folder)
    async with AsyncExitStack() as stack:
        sidecar = await stack.enter_async_context(StatefulSidecar())
        settings = ServiceSettings(sidecar_url=sidecar.url, topic_prefix="test.", port=1)
        tasks = await stack.enter_async_context(chat_service(settings, tasks_url, sidecar.store))
        database = DatabaseSettings(database_url=notifications_url)
        notifications = await stack.enter_async_context(
            running(create_notifications(settings, database))
        )
        sidecar.apps = {"task-service": tasks, "notification-service": notifications}
        environment = {
            "HOST": "127.0.0.1",
            "JWKS_PATH": str(jwks),
            "IDENTITY_SIGNING_KEY_PATH": str(signing),
            "PASSWORD_HASH_COST": "4",
            "SIDECAR_URL": sidecar.url,
            "REDIS_URL": redis_url,
            "REDIS_SECONDS": "2",
        }
        gateway = GatewayProcess(folder, environment | LIMITS | changes)
        await gateway.start()
        stack.push_async_callback(gateway.stop)
        yield WebStack(gateway, sidecar)
