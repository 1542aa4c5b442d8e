"""A task-service whose conversations are in the state store of the test's own sidecar."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from running_app import running

from tasks.app import create_app
from tasks.chat.settings import ChatSettings
from todo_shared.dapr import StateStore
from todo_shared.settings import DatabaseSettings, ServiceSettings


def chat_app(settings: ServiceSettings, database_url: str, store: StateStore) -> FastAPI:
    """task-service as it is in the cluster, with Berlin as the zone of who names none."""
    chat = ChatSettings(chat_zone="Europe/Berlin")
    return create_app(settings, DatabaseSettings(database_url=database_url), chat, store)


@asynccontextmanager
async def chat_service(
    settings: ServiceSettings, database_url: str, store: StateStore
) -> AsyncIterator[str]:
    """The address of a running task-service with chat."""
    async with running(chat_app(settings, database_url, store)) as url:
        yield url
