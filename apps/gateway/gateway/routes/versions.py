"""The versions of the public API. Each is a router of its own; any number run side by side.

A version changes only by addition. What would break a client becomes a new version, mounted beside
the old one at `/api/<name>`, which stays until nobody calls it.
"""

from collections.abc import Callable, Mapping
from typing import Final

from fastapi import APIRouter

from gateway.routes.chat import CHAT
from gateway.routes.forwarding import forwarding_router
from gateway.routes.identity import auth_router, users_router
from gateway.routes.notifications import NOTIFICATIONS
from gateway.routes.recurring_tasks import RECURRING_TASKS
from gateway.routes.reminders import REMINDERS
from gateway.routes.reports import REPORTS
from gateway.routes.stream import stream_router
from gateway.routes.tasks import TASKS
from gateway.settings import GatewaySettings

# Makes the router of a version from the prefix of its paths. The prefix is part of each route, so
# that metrics and logs tell the versions apart.
Version = Callable[[str, GatewaySettings], APIRouter]


def version_1(prefix: str, settings: GatewaySettings) -> APIRouter:
    """Everything that there is."""
    router = APIRouter()
    router.include_router(auth_router(prefix))
    router.include_router(users_router(prefix))
    chat = CHAT if settings.chat_enabled else ()
    tables = (TASKS, RECURRING_TASKS, REMINDERS, NOTIFICATIONS, REPORTS, chat)
    routes = (route for table in tables for route in table)
    router.include_router(forwarding_router(prefix, routes))
    router.include_router(stream_router(prefix))
    return router


VERSIONS: Final[Mapping[str, Version]] = {"v1": version_1}
