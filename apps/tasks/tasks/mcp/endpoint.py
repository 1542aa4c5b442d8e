"""The server over HTTP: stateless, one answer a request, the caller from the gateway's header."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import uuid4

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from tasks.chat.executor import ExecutorFactory
from tasks.mcp.identity import McpCaller, calling_as
from tasks.mcp.server import mcp_server
from todo_shared.errors import error_body
from todo_shared.identity import IDEMPOTENCY_HEADER, USER_HEADER

_USER: Final = re.compile(r"[\x21-\x7e]{1,128}")
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")
_MAX_BODY: Final = 64 * 1024
# The check is for servers on a developer's machine that a web page could reach by a name of its
# own. This one is reached through the sidecar, under whatever name that uses.
_ANY_HOST: Final = TransportSecuritySettings(enable_dns_rebinding_protection=False)


class McpEndpoint:
    """An ASGI app for one path. It serves only while `running()` is entered, which works once."""

    def __init__(self, server: Server[Any]) -> None:
        self._sessions = StreamableHTTPSessionManager(
            server,
            json_response=True,
            stateless=True,
            security_settings=_ANY_HOST,
            max_request_body_size=_MAX_BODY,
        )

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Serve for the block: to be entered in the lifespan of the service."""
        async with self._sessions.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; 401 when it does not say on whose behalf it is made."""
        headers = Headers(scope=scope)
        named = headers.getlist(USER_HEADER)
        # A second caller beside the gateway's is a forged one.
        if len(named) != 1 or not _USER.fullmatch(named[0]):
            body = error_body(f"one header {USER_HEADER} is required", "unauthorized")
            await JSONResponse(body, 401)(scope, receive, send)
            return
        key = headers.get(IDEMPOTENCY_HEADER, "")
        caller = McpCaller(named[0], key if _KEY.fullmatch(key) else f"mcp-{uuid4()}")
        with calling_as(caller):
            await self._sessions.handle_request(scope, receive, send)


def mcp_app(executor_factory: ExecutorFactory) -> McpEndpoint:
    """The endpoint over the tools that the factory gives for a user id."""
    return McpEndpoint(mcp_server(executor_factory))
