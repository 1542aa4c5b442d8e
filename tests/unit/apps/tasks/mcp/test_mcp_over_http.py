"""The nine tools through the official client, over HTTP, as an agent would use them."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Route

sys.path.insert(0, str(Path(__file__).parent))  # test-only modules of this folder
sys.path.insert(0, str(Path(__file__).parents[1] / "chat"))

from notebook import Notebook
from served import client_of, serving

from tasks.mcp import mcp_app

NINE = {
    "add_task",
    "list_tasks",
    "update_task",
    "complete_task",
    "delete_task",
    "create_recurring_task",
    "list_recurring_tasks",
    "set_reminder",
    "cancel_reminder",
}
IDENTITIES = {"user", "user_id", "userid", "owner", "caller", "account", "on_behalf_of"}


@pytest.fixture
def notebook() -> Notebook:
    """Nobody has any task."""
    return Notebook()


@pytest.fixture
async def url(notebook: Notebook) -> AsyncIterator[str]:
    """The endpoint, mounted as a service does it."""
    endpoint = mcp_app(notebook.of)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with endpoint.running():
            yield

    app = FastAPI(lifespan=lifespan)
    app.router.routes.append(Route("/mcp", endpoint))
    async with serving(app) as address:
        yield f"{address}/mcp"


def _as(user: str) -> dict[str, str]:
    return {"x-user-id": user}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_an_agent_finds_the_nine_tools_and_none_asks_who_is_calling(
    url: str, mode: str
) -> None:
    async with client_of(url, _as("ann"), mode) as client:
        tools = (await client.list_tools()).tools
    assert {tool.name for tool in tools} == NINE
    for tool in tools:
        assert tool.description
        assert tool.input_schema["additionalProperties"] is False
        assert not IDENTITIES & set(tool.input_schema["properties"])
    hints = {tool.name: tool.annotations for tool in tools if tool.annotations}
    assert {name for name, hint in hints.items() if hint.read_only_hint} == {
        "list_tasks",
        "list_recurring_tasks",
    }
    assert {name for name, hint in hints.items() if hint.destructive_hint} == {"delete_task"}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_task_lives_from_its_creation_to_its_end(
    url: str, notebook: Notebook, mode: str
) -> None:
    async with client_of(url, _as("ann"), mode) as client:
        made = await client.call_tool(
            "add_task", {"title": "buy milk", "due_date": "2030-01-01T09:00:00+01:00"}
        )
        assert not made.is_error
        task_id = made.structured_content["items"][0]["id"]
        await client.call_tool("update_task", {"task": "milk", "title": "buy oat milk"})
        await client.call_tool("set_reminder", {"task": task_id, "minutes_before": 30})
        done = await client.call_tool("complete_task", {"task": task_id})
        assert done.structured_content["items"][0]["status"] == "completed"
        listed = await client.call_tool("list_tasks", {})
        assert [item["title"] for item in listed.structured_content["items"]] == ["buy oat milk"]
        await client.call_tool("cancel_reminder", {"task": task_id})
        await client.call_tool("delete_task", {"task": task_id})
    assert notebook.titles("ann") == []


async def test_a_recurring_task_must_have_a_rule_that_happens(url: str, notebook: Notebook) -> None:
    arguments = {"title": "x", "starts_at": "2030-01-01T09:00:00", "zone": "Europe/Berlin"}
    async with client_of(url, _as("ann")) as client:
        made = await client.call_tool(
            "create_recurring_task", arguments | {"rule": "FREQ=WEEKLY;BYDAY=FR"}
        )
        assert not made.is_error
        for wrong in ("FREQ=SECONDLY", "0 0 30 2 *", "every friday"):
            refused = await client.call_tool("create_recurring_task", arguments | {"rule": wrong})
            assert refused.is_error, wrong
            assert refused.structured_content["code"] == "invalid"
        listed = await client.call_tool("list_recurring_tasks", {})
    assert len(listed.structured_content["items"]) == 1
    assert len(notebook.tasks) == 1


async def test_the_caller_is_who_the_header_says_whatever_the_arguments_say(
    url: str, notebook: Notebook
) -> None:
    async with client_of(url, _as("ann")) as client:
        await client.call_tool("add_task", {"title": "of ann"})
        for name in sorted(IDENTITIES):
            refused = await client.call_tool("add_task", {"title": "x", name: "bob"})
            assert refused.is_error, name
    async with client_of(url, _as("bob")) as client:
        listed = await client.call_tool("list_tasks", {})
        assert listed.structured_content["items"] == []
        refused = await client.call_tool("delete_task", {"task": "1"})
        assert refused.structured_content["code"] == "not_found"
    assert (notebook.titles("ann"), notebook.titles("bob")) == (["of ann"], [])


async def test_callers_at_the_same_time_stay_apart(url: str, notebook: Notebook) -> None:
    async def work(user: str) -> None:
        async with client_of(url, _as(user)) as client:
            for number in range(5):
                await client.call_tool("add_task", {"title": f"{user} {number}"})

    users = [f"user-{number}" for number in range(6)]
    await asyncio.gather(*(work(user) for user in users))
    for user in users:
        assert notebook.titles(user) == [f"{user} {number}" for number in range(5)]


@pytest.mark.parametrize(
    "header",
    [
        [],
        [("x-user-id", "")],
        [("x-user-id", "a b")],
        [("x-user-id", "ann"), ("x-user-id", "bob")],
    ],
    ids=str,
)
async def test_without_one_caller_nothing_is_served(
    url: str, header: list[tuple[str, str]]
) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(url, json={}, headers=header)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


async def test_a_repeated_call_with_its_key_is_done_once(url: str, notebook: Notebook) -> None:
    for _ in range(2):
        async with client_of(url, _as("ann") | {"idempotency-key": "k1"}) as client:
            await client.call_tool("add_task", {"title": "once"})
    assert notebook.titles("ann") == ["once"]


async def test_words_that_fit_several_tasks_change_none(url: str, notebook: Notebook) -> None:
    async with client_of(url, _as("ann")) as client:
        for title in ("buy milk", "spill milk"):
            await client.call_tool("add_task", {"title": title})
        refused = await client.call_tool("delete_task", {"task": "milk"})
    assert refused.is_error
    assert refused.structured_content["code"] == "ambiguous_task"
    assert [each["title"] for each in refused.structured_content["candidates"]] == [
        "buy milk",
        "spill milk",
    ]
    assert len(notebook.tasks) == 2


async def test_failures_are_told_without_their_inside(url: str, notebook: Notebook) -> None:
    async with client_of(url, _as("ann")) as client:
        unknown = await client.call_tool("drop_table", {})
        assert unknown.is_error and unknown.structured_content["code"] == "not_found"
        notebook.away = True
        away = await client.call_tool("add_task", {"title": "x"})
        assert away.structured_content["code"] == "unavailable"
        notebook.away = False
        notebook.calls = None  # type: ignore[assignment]
        broken = await client.call_tool("add_task", {"title": "x"})
    assert broken.structured_content == {"error": "internal error", "code": "internal"}


async def test_no_session_is_kept_between_requests(url: str) -> None:
    async with httpx.AsyncClient(headers=_as("ann")) as client:
        answer = await client.post(
            url,
            json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
            headers={"accept": "application/json, text/event-stream"},
        )
    assert answer.status_code == 200
    assert "mcp-session-id" not in answer.headers
    assert len(answer.json()["result"]["tools"]) == 9


async def test_a_body_beyond_the_limit_is_refused(url: str) -> None:
    async with httpx.AsyncClient(headers=_as("ann")) as client:
        answer = await client.post(url, content=b"x" * 70_000)
    assert answer.status_code == 413
