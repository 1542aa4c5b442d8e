"""Recipients, asking for a notification, sending failed ones again, from outside."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from notification_stack import Stack, created, notification_stack
from ports import free_port
from postgres import PostgresServer
from running_app import eventually

from notifications.replay import main


@pytest.fixture
async def stack(notifications_url: str) -> AsyncIterator[Stack]:
    """One replica."""
    async with notification_stack(notifications_url) as running:
        yield running


async def test_recipients_begin_with_a_default_and_belong_to_their_user(stack: Stack) -> None:
    async with stack.service("ann") as ann, stack.service("bob") as bob:
        assert (await ann.get("/recipients/email")).json() == {
            "channel": "email",
            "address": "ann@users.todo.local",
            "enabled": True,
            "is_default": True,
        }
        assert (await ann.get("/recipients/sms")).json()["address"] is None
        put = await ann.put("/recipients/email", json={"address": "a@b.example"})
        assert put.json() == {
            "channel": "email",
            "address": "a@b.example",
            "enabled": True,
            "is_default": False,
        }
        assert (await ann.get("/recipients/email")).json() == put.json()
        assert (await bob.get("/recipients/email")).json()["is_default"] is True
        await ann.put("/recipients/email", json={"enabled": False})
        back = (await ann.get("/recipients/email")).json()
        assert (back["is_default"], back["enabled"]) == (True, False)


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("email", "no address"),
        ("email", "a@b@c"),
        ("email", "a@b\r\nX-Evil: 1"),
        ("sms", "0123"),
        ("sms", "+1 415 555 0123"),
        ("webhook", "http://ann.example"),
        ("webhook", "https://ann.example/\r\nX-Evil: 1"),
        ("push", "a token"),
        ("push", ""),
        ("pigeon", "x"),
    ],
)
async def test_an_address_that_cannot_work_is_refused(
    stack: Stack, channel: str, address: str
) -> None:
    async with stack.service() as client:
        answer = await client.put(f"/recipients/{channel}", json={"address": address})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_asking_for_a_notification_again_changes_nothing(stack: Stack) -> None:
    body = {"task_id": "t1", "event": "task.created"}
    async with stack.service("ann") as ann, stack.service("bob") as bob:
        answers = await asyncio.gather(
            *(ann.post("/send-notification", json=body) for _ in range(5))
        )
        other = await bob.post("/send-notification", json=body)
        done = await ann.post("/send-notification", json=body | {"event": "task.completed"})
    assert {answer.status_code for answer in [*answers, other, done]} == {200}
    assert len({answer.json()["notification_id"] for answer in answers}) == 1
    assert sorted(answer.json()["repeated"] for answer in answers) == [
        False,
        True,
        True,
        True,
        True,
    ]
    found = await stack.settled(3, "sent")
    assert {(each["user_id"], each["subject"]) for each in found} == {
        ("ann", "Task Created"),
        ("bob", "Task Created"),
        ("ann", "Task Completed"),
    }
    mails = await stack.messages(user_id="ann")
    assert "<p>Task t1 was created</p>" in [mail["body"] for mail in mails]


@pytest.mark.parametrize(
    "body",
    [
        {"task_id": "t1"},
        {"task_id": "", "event": "task.created"},
        {"task_id": "t\x00", "event": "task.created"},
        {"task_id": "t1", "event": "task.exploded"},
        {"task_id": "t1", "event": "task.created", "user_id": "bob"},
    ],
)
async def test_a_request_that_makes_no_sense_is_refused(stack: Stack, body: dict[str, str]) -> None:
    async with stack.service() as client:
        answer = await client.post("/send-notification", content=json.dumps(body))
        nobody = await client.post(
            "/send-notification",
            json={"task_id": "t1", "event": "task.created"},
            headers={"x-user-id": ""},
        )
    assert (answer.status_code, nobody.status_code) == (422, 422)
    assert await stack.deliveries() == []


async def test_failed_ones_are_sent_again_by_a_command(
    stack: Stack,
    notifications_url: str,
    postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", notifications_url)
    await stack.behave(fail_next=3, status=400)
    await stack.hand_on(created("t0"), created("t1"), created("t2"))
    await stack.settled(3, "failed")
    name = notifications_url.rpartition("/")[2]
    await postgres.execute("UPDATE deliveries SET channel = 'push' WHERE task_id = 't2'", name)

    async def run(*given: str) -> tuple[int, str]:
        code = await asyncio.to_thread(main, ["failed", *given])
        return code, capsys.readouterr().out

    assert await run("--dry-run") == (0, "3 would be sent again\n")
    assert await run("--channel", "push") == (0, "1 are sent again\n")
    assert await run("--limit", "1") == (0, "1 are sent again\n")
    found = await stack.settled(3, "sent", "failed")
    assert [each["status"] for each in found] == ["sent", "failed", "sent"]
    assert await run() == (0, "1 are sent again\n")
    await stack.settled(3, "sent")
    assert await run() == (0, "0 are sent again\n")


def test_the_command_says_why_it_cannot(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("notifications.replay._LOGIN_SECONDS", 0.3)
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    assert main(["failed"]) == 1
    assert capsys.readouterr().err == "error: the database is not available\n"
    with pytest.raises(SystemExit):
        main(["everything"])


async def test_the_sink_runs_as_a_process(tmp_path: Path) -> None:
    path, port = tmp_path / "messages.jsonl", free_port()
    environment = os.environ | {"PORT": str(port), "HOST": "127.0.0.1", "SINK_PATH": str(path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "notifications.sink", env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

            async def up() -> bool:
                try:
                    return (await client.get("/health")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(up, 120)
            taken = await client.post("/push", json={}, headers={"idempotency-key": "k"})
        process.terminate()
        # The server ends itself by the same signal once it has stopped cleanly.
        assert await asyncio.wait_for(process.wait(), 60) in (0, -signal.SIGTERM)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
    assert taken.status_code == 201
    assert json.loads(path.read_text())["key"] == "k"
