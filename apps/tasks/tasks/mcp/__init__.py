"""The tools for agents: a Model Context Protocol server over the same tools as the chat."""

from tasks.mcp.endpoint import McpEndpoint, mcp_app
from tasks.mcp.in_process import through_mcp
from tasks.mcp.server import mcp_server

__all__ = ["McpEndpoint", "mcp_app", "mcp_server", "through_mcp"]
