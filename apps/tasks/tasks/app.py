"""The service put together: settings, resources, routes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI
from starlette.routing import Route

from tasks import APP_ID, __version__
from tasks.chat.conversation import Conversation
from tasks.chat.reminders import SchedulerReminders
from tasks.chat.service_tools import service_tools
from tasks.chat.settings import ChatSettings, chat_model
from tasks.handlers import due_tasks, instances, notify, recurring_tasks, task_crud
from tasks.handlers.chat import chat_routes
from tasks.instances import InstanceGeneration
from tasks.lifecycle import TaskLifecycle
from tasks.mcp import mcp_app, through_mcp
from tasks.notifying import TaskNotifier
from tasks.read_copy.copies import ReadCopies
from tasks.read_copy.settings import ReadCopySettings
from tasks.recurring import RecurringTasks
from todo_shared.credentials import credentials_from
from todo_shared.dapr import (
    DaprPubSubService,
    DaprServiceInvocation,
    DaprStateService,
    Sidecar,
    StateStore,
)
from todo_shared.database import Database
from todo_shared.relay import OutboxRelay
from todo_shared.service import create_service
from todo_shared.settings import DatabaseSettings, ServiceSettings

# Shorter than the gateway waits for us, so that the answer is ours.
_INVOKE_SECONDS: Final = 2.0


def create_app(
    settings: ServiceSettings,
    database_settings: DatabaseSettings,
    chat_settings: ChatSettings | None = None,
    conversations: StateStore | None = None,
    copy_settings: ReadCopySettings | None = None,
) -> FastAPI:
    """task-service with these settings; `conversations` are kept by the sidecar if nobody says."""
    chatting = chat_settings or ChatSettings()
    sidecar = Sidecar(settings.sidecar_url, settings.sidecar_token)
    database = Database(
        credentials_from(database_settings),
        application=APP_ID,
        pool_size=database_settings.database_pool_size,
        acquire_seconds=database_settings.database_acquire_seconds,
    )
    relay = OutboxRelay(
        database.listening,
        DaprPubSubService(sidecar, settings.pubsub_name, settings.topic_prefix),
        source=APP_ID,
    )
    copies = ReadCopies(database, sidecar, copy_settings or ReadCopySettings())
    templates = copies.recurring_tasks
    lifecycle = TaskLifecycle(copies.tasks, reader=copies.reader)
    recurring = RecurringTasks(templates)
    invocation = DaprServiceInvocation(sidecar, _INVOKE_SECONDS)
    tools = service_tools(lifecycle, recurring, SchedulerReminders(invocation))
    agents = mcp_app(tools)
    conversation = Conversation(
        chat_model(chatting),
        through_mcp(tools),
        conversations or DaprStateService(sidecar, chatting.chat_state_store),
        kept_days=chatting.chat_kept_days,
        zone=chatting.chat_zone,
    )

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        async with sidecar, agents.running():
            database.on_change(relay.reconnect)
            await database.start()
            relaying = asyncio.create_task(relay.run(), name="outbox-relay")
            try:
                async with copies.running():
                    yield
            finally:
                relay.stop()
                await relaying
                await database.stop()

    app = create_service(
        APP_ID,
        settings,
        version=__version__,
        summary="Owns tasks: one statement for the change and its event",
        lifespan=lifespan,
        checks={"sidecar": sidecar.ready, "database": database.ready},
    )
    app.state.copies = copies
    app.state.lifecycle = lifecycle
    app.state.recurring = recurring
    app.state.generation = InstanceGeneration(templates, copies.tasks)
    app.state.notifier = TaskNotifier(lifecycle, invocation)
    # A path that is one word comes before the one that would take the word for an id.
    for routes in (due_tasks, task_crud, notify, recurring_tasks, instances):
        app.include_router(routes.ROUTES)
    app.include_router(chat_routes(conversation))
    # A route and no mount: a mount would answer the bare path with a redirect.
    app.router.routes.append(Route("/mcp", agents))
    return app
