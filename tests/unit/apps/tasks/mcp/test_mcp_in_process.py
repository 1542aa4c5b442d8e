"""The tools through the protocol without a socket are the tools themselves."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "chat"))  # test-only modules

from notebook import Notebook

from tasks.chat.executor import AmbiguousTaskError, ToolExecutor
from tasks.chat.understanding import tool_call
from tasks.mcp import through_mcp
from tasks.mcp.identity import current_caller
from todo_shared.errors import NotFoundError, ServiceError, UnavailableError


@pytest.fixture
def notebook() -> Notebook:
    """Nobody has any task."""
    return Notebook()


def _tools(notebook: Notebook, user: str = "ann") -> ToolExecutor:
    return through_mcp(notebook.of)(user)


async def test_a_call_has_the_same_effect_and_result(notebook: Notebook) -> None:
    call = tool_call("add_task", {"title": "buy milk", "due_date": "2030-01-01T09:00:00Z"})
    through = await _tools(notebook).run(call, "k1")
    assert through == await notebook.of("ann").run(call, "k1")
    assert notebook.calls == [("ann", "add_task")]


async def test_users_stay_apart(notebook: Notebook) -> None:
    await _tools(notebook, "ann").run(tool_call("add_task", {"title": "x"}), "k")
    listed = await _tools(notebook, "bob").run(tool_call("list_tasks", {}), "k")
    assert listed.items == ()
    with pytest.raises(LookupError):
        current_caller()


async def test_refusals_keep_their_kind(notebook: Notebook) -> None:
    tools = _tools(notebook)
    with pytest.raises(NotFoundError, match="milk"):
        await tools.run(tool_call("complete_task", {"task": "milk"}), "k")
    for number in range(2):
        await tools.run(tool_call("add_task", {"title": f"milk {number}"}), f"k{number}")
    with pytest.raises(AmbiguousTaskError) as several:
        await tools.run(tool_call("complete_task", {"task": "milk"}), "k")
    assert [each.title for each in several.value.candidates] == ["milk 0", "milk 1"]
    notebook.away = True
    with pytest.raises(UnavailableError):
        await tools.run(tool_call("list_tasks", {}), "k")
    notebook.away, notebook.calls = False, None  # type: ignore[assignment]
    with pytest.raises(ServiceError, match="internal error"):
        await tools.run(tool_call("add_task", {"title": "x"}), "k9")
