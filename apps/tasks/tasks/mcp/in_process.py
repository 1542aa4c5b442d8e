"""The tools as an agent in the same process sees them: through the protocol, without a socket."""

from typing import Any

from mcp import Client
from mcp.server.lowlevel import Server

from tasks.chat.executor import (
    AmbiguousTaskError,
    Candidate,
    ExecutorFactory,
    ToolExecutor,
    ToolResult,
)
from tasks.chat.understanding import ToolCall, given
from tasks.mcp.identity import McpCaller, calling_as
from tasks.mcp.server import mcp_server
from todo_shared.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    ServiceError,
    UnavailableError,
)

_ERRORS: dict[str, type[ServiceError]] = {
    each.code: each for each in (NotFoundError, ConflictError, InvalidError, UnavailableError)
}


class McpToolExecutor:
    """ToolExecutor that makes each call through the protocol server."""

    def __init__(self, server: Server[Any], user_id: str) -> None:
        self._server = server
        self._user_id = user_id

    async def run(self, call: ToolCall, key: str) -> ToolResult:
        """See ToolExecutor."""
        with calling_as(McpCaller(self._user_id, key)):
            async with Client(self._server, cache=None) as client:
                answer = await client.call_tool(call.tool.value, given(call.arguments))
        document: Any = answer.structured_content
        if not answer.is_error:
            return ToolResult.model_validate(document)
        raise _error(document)


def through_mcp(executor_factory: ExecutorFactory) -> ExecutorFactory:
    """The same tools, each call of which goes through the protocol."""
    # A client checks results against a schema again for each connection: most of a call's time.
    server = mcp_server(executor_factory, output_schemas=False)

    def tools_of(user_id: str) -> ToolExecutor:
        return McpToolExecutor(server, user_id)

    return tools_of


def _error(document: dict[str, Any]) -> ServiceError:
    text, code = str(document.get("error", "")), str(document.get("code", ""))
    if code == AmbiguousTaskError.code:
        found = [Candidate.model_validate(each) for each in document.get("candidates", ())]
        return AmbiguousTaskError(text, found)
    return _ERRORS.get(code, ServiceError)(text)
