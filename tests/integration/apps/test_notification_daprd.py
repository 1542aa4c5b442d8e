"""The service, a real sidecar with HTTP bindings, and the real sink behind them."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from daprd import Daprd
from notification_stack import (
    QUICK,
    BindingSidecar,
    Stack,
    created,
    running_sink,
    triggered,
)
from ports import free_port
from running_app import eventually, running

from notifications.app import create_app
from notifications.models.recipient import Channel
from todo_shared.dapr import (
    BindingRefusedError,
    BindingUnavailableError,
    DaprBindings,
    Sidecar,
    SidecarUnavailableError,
)
from todo_shared.settings import DatabaseSettings, ServiceSettings

# The first use on a machine may have to build the sidecar.
pytestmark = pytest.mark.timeout(1800)


def _components(folder: Path, sink: str) -> Path:
    """What the development environment has: each binding posts to the sink."""
    resources = folder / "resources"
    resources.mkdir()
    for channel in Channel:
        component: dict[str, Any] = {
            "apiVersion": "dapr.io/v1alpha1",
            "kind": "Component",
            "metadata": {"name": channel},
            "spec": {
                "type": "bindings.http",
                "version": "v1",
                "metadata": [
                    {"name": "url", "value": f"{sink}/{channel}"},
                    {"name": "direction", "value": "output"},
                ],
            },
        }
        (resources / f"{channel}.yaml").write_text(json.dumps(component))
    config = {
        "apiVersion": "dapr.io/v1alpha1",
        "kind": "Configuration",
        "metadata": {"name": "dapr-config"},
        "spec": {"tracing": {"samplingRate": "1"}},
    }
    (folder / "config.yaml").write_text(json.dumps(config))
    return resources


@dataclass
class Real:
    """A stack on a real sidecar."""

    stack: Stack
    sidecar: Daprd
    bindings: DaprBindings


@pytest.fixture
async def real(notifications_url: str, tmp_path: Path) -> AsyncIterator[Real]:
    """Service, sidecar and sink, all running."""
    async with running_sink() as sink:
        port = free_port()
        sidecar = Daprd("notification-service", tmp_path, _components(tmp_path, sink), port)
        app = create_app(
            ServiceSettings(sidecar_url=sidecar.url),
            DatabaseSettings(database_url=notifications_url),
            QUICK,
        )
        sidecar.start()
        try:
            async with running(app, port) as url, Sidecar(sidecar.url) as client:
                stack = Stack([url], sink, BindingSidecar())
                await _bindings_work(client)
                yield Real(stack, sidecar, DaprBindings(client, seconds=3))
        finally:
            sidecar.stop()


async def _bindings_work(client: Sidecar) -> None:
    async def ready() -> bool:
        try:
            answer = await client.call("GET", "/v1.0/healthz", seconds=2)
        except SidecarUnavailableError:
            return False
        return answer.status < 300

    await eventually(ready, 60)


async def test_messages_go_through_the_real_bindings_to_the_sink(real: Real) -> None:
    stack = real.stack
    async with stack.service() as client:
        await client.put("/recipients/sms", json={"address": "+14155550123"})
        await client.put("/recipients/webhook", json={"address": "https://ann.example/hook"})
    await stack.hand_on(created("t1"), created("t1"))
    await stack.hand_on(*(triggered(f"r-{channel}", channel) for channel in Channel))
    await stack.settled(5, "sent", seconds=60)
    mail, *_ = await stack.messages(channel="email")
    assert (mail["subject"], mail["recipient"]) == ("Task Created", "ann@users.todo.local")
    assert mail["body"] == "<p>Task t1 was created: title of t1</p>"
    assert mail["traceparent"].startswith("00-" + "1" * 32)
    assert "&lt;b&gt;" in (await stack.messages(channel="email"))[1]["body"]
    (sms,) = await stack.messages(channel="sms")
    assert (sms["recipient"], "milk <b>" in sms["body"]) == ("+14155550123", True)
    (hook,) = await stack.messages(channel="webhook")
    assert hook["body"]["to"] == "https://ann.example/hook"
    (push,) = await stack.messages(channel="push")
    assert push["body"]["reminder_id"] == "r-push"
    assert {message["repeats"] for message in await stack.messages()} == {0}


async def test_what_the_provider_says_decides_whether_it_is_repeated(real: Real) -> None:
    stack = real.stack
    await stack.behave(fail_next=2, status=503, keep=True)
    await stack.hand_on(created("t1"))
    await stack.settled(1, "sent", seconds=60)
    (mail,) = await stack.messages()
    assert mail["repeats"] == 2
    await stack.behave(fail_next=1, status=422)
    await stack.hand_on(created("t2"))
    found = await stack.settled(2, "sent", "failed", seconds=60)
    assert (found[1]["status"], found[1]["attempts"]) == ("failed", 1)
    assert "received status code 422" in found[1]["reason"]


@pytest.mark.parametrize("status", [400, 404, 410, 413, 422])
async def test_a_refusal_is_told_from_the_wire(real: Real, status: int) -> None:
    await real.stack.behave(fail_next=1, status=status)
    with pytest.raises(BindingRefusedError, match=str(status)):
        await real.bindings.invoke("email", "create", "x", {"Idempotency-Key": "k"})


@pytest.mark.parametrize("status", [401, 403, 408, 429, 500, 503])
async def test_a_failure_that_passes_is_told_from_the_wire(real: Real, status: int) -> None:
    await real.stack.behave(fail_next=1, status=status)
    with pytest.raises(BindingUnavailableError, match=str(status)):
        await real.bindings.invoke("email", "create", "x", {"Idempotency-Key": "k"})


async def test_a_binding_that_is_not_there_may_come_later(real: Real) -> None:
    with pytest.raises(BindingUnavailableError, match="no-such"):
        await real.bindings.invoke("no-such", "create", "x", {})
    answer = await real.bindings.invoke("email", "create", "x", {"Idempotency-Key": "k"})
    assert json.loads(answer)["repeated"] is False


async def test_a_sidecar_that_dies_loses_no_message(real: Real) -> None:
    stack = real.stack
    await asyncio.to_thread(real.sidecar.kill)
    await stack.hand_on(created("t1"))
    await asyncio.sleep(0.2)
    real.sidecar.start()
    # What failed while it was away is brought back by hand: six quick attempts are soon used up.
    found = await stack.settled(1, "sent", "failed", seconds=60)
    if found[0]["status"] == "failed":

        async def again() -> bool:
            async with stack.service() as client:
                await client.post(f"/notifications/{found[0]['id']}/retry")
            return (await stack.settled(1, "sent", "failed"))[0]["status"] == "sent"

        await eventually(again, 60)
    (mail,) = await stack.messages()
    assert mail["task_id"] == "t1"
