"""The chat over everything real: database, state store behind a sidecar, scheduler, processes."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from chat_stack import chat_service
from daprd import Daprd
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from ports import free_port
from postgres import PostgresServer
from recording_sidecar import RecordingSidecar
from running_app import eventually
from scheduler_events import created, scheduler, tell
from state_store import STORE, state_sidecar

from todo_shared.dapr import DaprStateService
from todo_shared.settings import ServiceSettings

# The first use on a machine may have to build the sidecar.
pytestmark = pytest.mark.timeout(1800)
ANN = {"x-user-id": "ann"}
BOB = {"x-user-id": "bob"}


@pytest.fixture
async def state(
    postgres: PostgresServer, tmp_path: Path
) -> AsyncIterator[tuple[DaprStateService, Daprd]]:
    """A state store of the test's own behind a real sidecar."""
    name = f"chat_{tmp_path.name.replace('-', '_')}"[:60].lower()
    await postgres.execute(f"CREATE DATABASE {name}")
    async with state_sidecar(tmp_path, postgres.url(name)) as (sidecar, daprd):
        yield DaprStateService(sidecar, STORE, 20), daprd


@dataclass
class Talk:
    """A user's side of a conversation."""

    client: httpx.AsyncClient
    headers: dict[str, str]
    conversation_id: str | None = None

    async def say(self, text: str, key: str = "") -> dict[str, Any]:
        body = {"message": text, "zone": "Europe/Berlin"}
        if self.conversation_id:
            body["conversation_id"] = self.conversation_id
        headers = self.headers | ({"idempotency-key": key} if key else {})
        answer = await self.client.post("/chat", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        self.conversation_id = answer.json()["conversation_id"]
        return answer.json()

    async def titles(self) -> list[str]:
        page = await self.client.get("/tasks", headers=self.headers)
        return [task["title"] for task in page.json()["items"]]


@pytest.fixture
async def client(
    tasks_url: str, settings: ServiceSettings, state: tuple[DaprStateService, Daprd]
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a running task-service with chat."""
    async with (
        chat_service(settings, tasks_url, state[0]) as url,
        httpx.AsyncClient(base_url=url, timeout=60) as opened,
    ):
        yield opened


async def test_tasks_are_made_changed_and_ended_by_talking(client: httpx.AsyncClient) -> None:
    talk = Talk(client, ANN)
    made = await talk.say("add buy milk tomorrow at 5pm with note two litres")
    assert made["actions"][0]["tool"] == "add_task"
    listed = (await client.get("/tasks", headers=ANN)).json()["items"]
    assert [(task["title"], task["description"]) for task in listed] == [("buy milk", "two litres")]
    await talk.say("rename milk to oat milk")
    assert await talk.titles() == ["oat milk"]
    assert (await talk.say("complete oat milk"))["reply"] == '"oat milk" is done.'
    assert "(done)" in (await talk.say("show my tasks"))["reply"]
    assert (await talk.say("delete oat milk"))["question"]["choices"] == ["Yes", "No"]
    assert await talk.titles() == ["oat milk"]
    assert (await talk.say("yes"))["reply"] == 'Deleted "oat milk".'
    assert await talk.titles() == []


async def test_nobody_goes_on_in_the_conversation_of_another(client: httpx.AsyncClient) -> None:
    ann, bob = Talk(client, ANN), Talk(client, {"x-user-id": "bob"})
    await ann.say("add buy milk")
    assert (await ann.say("delete milk"))["question"]["choices"] == ["Yes", "No"]
    bob.conversation_id = ann.conversation_id
    assert (await bob.say("yes"))["actions"] == []
    assert await ann.titles() == ["buy milk"]


async def test_a_recurring_task_is_made_with_its_next_dates(client: httpx.AsyncClient) -> None:
    talk = Talk(client, ANN)
    answer = await talk.say("every second friday at 9 remind me to send the invoice")
    assert len(answer["next_dates"]) == 3
    page = await client.get("/recurring-tasks", headers=ANN)
    (made,) = page.json()["items"]
    assert (made["title"], made["recurrence_rule"], made["time_zone"]) == (
        "send the invoice",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR",
        "Europe/Berlin",
    )
    assert made["starts_at"] == answer["next_dates"][0][:19]
    assert "send the invoice" in (await talk.say("show my recurring tasks"))["reply"]


async def test_done_tasks_do_not_stand_in_the_way_of_open_ones(client: httpx.AsyncClient) -> None:
    talk = Talk(client, ANN)
    await talk.say("add buy milk")
    await talk.say("complete buy milk")
    await talk.say("add buy milk")
    await talk.say("add buy oat milk")
    asked = await talk.say("complete milk")
    assert sorted(asked["question"]["choices"]) == ["buy milk", "buy oat milk"]
    assert (await talk.say("buy oat milk"))["reply"] == '"buy oat milk" is done.'
    assert (await talk.say("complete buy milk"))["reply"] == '"buy milk" is done.'
    assert (await talk.say("complete bread"))["reply"] == 'There is no task "bread".'
    assert (await talk.say("complete !!!"))["actions"] == []


async def test_a_task_can_be_named_by_its_id(client: httpx.AsyncClient) -> None:
    talk = Talk(client, ANN)
    made = await talk.say("add buy milk")
    task_id = made["actions"][0]["result"]["items"][0]["id"]
    assert (await Talk(client, BOB).say(f"complete {task_id}"))["actions"] == []
    assert (await talk.say(f"complete {task_id}"))["reply"] == '"buy milk" is done.'


async def test_reminders_are_kept_by_the_scheduler(
    client: httpx.AsyncClient,
    scheduler_url: str,
    settings: ServiceSettings,
    sidecar: RecordingSidecar,
) -> None:
    talk = Talk(client, ANN)
    made = await talk.say("add the dentist tomorrow at 5pm")
    task = made["actions"][0]["result"]["items"][0]
    async with scheduler(scheduler_url, settings) as other:
        sidecar.apps["scheduler-service"] = str(other.base_url).rstrip("/")
        sidecar.apps["task-service"] = str(client.base_url).rstrip("/")
        await tell(other, created(task["id"], datetime.fromisoformat(task["due_date"])))
        set_one = await talk.say("remind me about the dentist tomorrow at 8")
        assert set_one["actions"][0]["result"]["items"][0]["status"] == "pending"
        before = await talk.say("remind me 30 minutes before the dentist")
        assert before["reply"].endswith("30 minutes before it is due.")
        ended = await talk.say("cancel the reminder for the dentist")
        assert ended["actions"][0]["result"]["items"]
        found = await other.get("/reminders", params={"task_id": task["id"]}, headers=ANN)
        assert {each["status"] for each in found.json()["items"]} == {"canceled"}


async def test_without_the_scheduler_the_rest_goes_on(
    client: httpx.AsyncClient, sidecar: RecordingSidecar
) -> None:
    talk = Talk(client, ANN)
    await talk.say("add the dentist")
    sidecar.unreachable_invokes = 100
    body = {"message": "remind me about the dentist tomorrow at 8", "zone": "Europe/Berlin"}
    answer = await client.post("/chat", json=body, headers=ANN)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "dentist" in (await talk.say("show my tasks"))["reply"]


async def test_what_cannot_be_a_message_is_refused(client: httpx.AsyncClient) -> None:
    for body in (
        {},
        {"message": "  "},
        {"message": "x" * 2001},
        {"message": "x", "user_id": "bob"},
        {"message": "x", "zone": "Mars/Base"},
        {"message": "x", "conversation_id": "a/b"},
    ):
        assert (await client.post("/chat", json=body, headers=ANN)).status_code == 422, body
    assert (await client.post("/chat", json={"message": "x"})).status_code == 422


async def test_agents_and_the_chat_work_on_the_same_tasks(client: httpx.AsyncClient) -> None:
    await Talk(client, ANN).say("add buy milk")
    url = f"{client.base_url}/mcp".replace("//mcp", "/mcp")
    async with (
        httpx2.AsyncClient(headers=ANN, timeout=60, trust_env=False) as http,
        Client(streamable_http_client(url, http_client=http)) as agent,
    ):
        listed = await agent.call_tool("list_tasks", {})
        assert [item["title"] for item in listed.structured_content["items"]] == ["buy milk"]
        await agent.call_tool("complete_task", {"task": "milk"})
    assert "(done)" in (await Talk(client, ANN).say("show my tasks"))["reply"]
    assert (await Talk(client, BOB).say("show my tasks"))["actions"][0]["result"]["items"] == []


@asynccontextmanager
async def _replica(*arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, Talk]]:
    port = free_port()
    script = Path(__file__).parent / "chat_replica.py"
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), str(port), *arguments
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:

            async def ready() -> bool:
                assert process.returncode is None
                try:
                    return (await client.get("/ready")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(ready, 60)
            yield process, Talk(client, ANN)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_when_a_replica_is_killed_the_next_one_goes_on_in_the_conversation(
    tasks_url: str, sidecar: RecordingSidecar, state: tuple[DaprStateService, Daprd]
) -> None:
    arguments = (tasks_url, sidecar.url, state[1].url, STORE)
    async with _replica(*arguments) as (process, first):
        await first.say("add buy milk")
        await first.say("add buy bread")
        asked = await first.say("delete the milk task")
        assert asked["question"]["missing"] == "confirmation"
        process.kill()
        await process.wait()
    async with _replica(*arguments) as (_, second):
        second.conversation_id = asked["conversation_id"]
        assert (await second.say("yes"))["reply"] == 'Deleted "buy milk".'
        assert await second.titles() == ["buy bread"]


async def test_no_request_is_lost_or_doubled_when_replicas_are_killed_in_the_middle(
    tasks_url: str, sidecar: RecordingSidecar, state: tuple[DaprStateService, Daprd]
) -> None:
    arguments = (tasks_url, sidecar.url, state[1].url, STORE)
    conversation = "c-1"
    for round_number in range(3):
        async with _replica(*arguments) as (process, talk):
            talk.conversation_id = conversation
            key = f"k{round_number}"
            saying = asyncio.create_task(talk.say(f"add task number {round_number}", key))
            await asyncio.sleep(0.01 * (round_number + 1))
            process.kill()
            await process.wait()
            await asyncio.gather(saying, return_exceptions=True)
        async with _replica(*arguments) as (_, talk):
            talk.conversation_id = conversation
            again = await talk.say(f"add task number {round_number}", key)
            assert again["actions"][0]["tool"] == "add_task"
            assert sorted(await talk.titles()) == [f"number {n}" for n in range(round_number + 1)]
