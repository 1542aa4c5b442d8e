"""A database server for the session, a migrated database and a recording sidecar for each test."""

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from broker import Broker
from postgres import PostgresServer

sys.path.insert(0, str(Path(__file__).parent))  # test-only modules of this folder

from recording_sidecar import RecordingSidecar
from running_app import running

from notifications.app import create_app as create_notifications
from tasks.app import create_app as create_tasks
from todo_shared.credentials import StaticCredentials
from todo_shared.migrations import migrate
from todo_shared.settings import DatabaseSettings, ServiceSettings

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """The server, with one migrated template database a service."""
    server = PostgresServer(tmp_path_factory.mktemp("postgres"))
    server.start()
    for package in ("tasks", "notifications", "scheduler", "analytics"):
        asyncio.run(_template(server, package))
    yield server
    server.remove()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A Kafka broker."""
    running_broker = Broker(tmp_path_factory.mktemp("kafka"))
    running_broker.start()
    yield running_broker
    running_broker.stop()


async def _template(server: PostgresServer, package: str) -> None:
    await server.execute(f"CREATE DATABASE {package}_template")
    login = await StaticCredentials(server.url(f"{package}_template")).take()
    await migrate(login, package, "up", "head")


@pytest.fixture
async def tasks_url(postgres: PostgresServer) -> str:
    """A fresh database of the tasks service."""
    return await _fresh(postgres, "tasks")


@pytest.fixture
async def notifications_url(postgres: PostgresServer) -> str:
    """A fresh database of the notifications service."""
    return await _fresh(postgres, "notifications")


@pytest.fixture
async def scheduler_url(postgres: PostgresServer) -> str:
    """A fresh database of the scheduler service."""
    return await _fresh(postgres, "scheduler")


@pytest.fixture
async def analytics_url(postgres: PostgresServer) -> str:
    """A fresh database of the analytics service."""
    return await _fresh(postgres, "analytics")


async def _fresh(server: PostgresServer, package: str) -> str:
    name = f"{package}_{next(_numbers)}"
    await server.execute(f"CREATE DATABASE {name} TEMPLATE {package}_template")
    return server.url(name)


@pytest.fixture
async def sidecar() -> AsyncIterator[RecordingSidecar]:
    """A recording sidecar."""
    async with RecordingSidecar() as recording:
        yield recording


@pytest.fixture
def settings(sidecar: RecordingSidecar) -> ServiceSettings:
    """Service settings that point to the recording sidecar."""
    return ServiceSettings(sidecar_url=sidecar.url, topic_prefix="test.", port=1)


@pytest.fixture
async def tasks_service(tasks_url: str, settings: ServiceSettings) -> AsyncIterator[str]:
    """The address of a running tasks service."""
    app = create_tasks(settings, DatabaseSettings(database_url=tasks_url))
    async with running(app) as url:
        yield url


@pytest.fixture
async def notifications_service(
    notifications_url: str, settings: ServiceSettings
) -> AsyncIterator[str]:
    """The address of a running notifications service."""
    app = create_notifications(settings, DatabaseSettings(database_url=notifications_url))
    async with running(app) as url:
        yield url
