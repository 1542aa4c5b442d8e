"""A real sidecar calls an app of another namespace, as the gateway's does a canary or a shadow."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from daprd import Daprd, configure_names
from ports import free_port
from running_app import eventually

PEER = "task-service.todo-app-dev-green"
# The first use on a machine may have to build the sidecar.
pytestmark = pytest.mark.timeout(1800)


def configure(folder: Path, peer: Daprd, targets: list[str]) -> None:
    """Where the app listens, and which targets are tried again when they say 503."""
    resources = folder / "resources"
    resources.mkdir()
    connection = {"policy": "constant", "duration": "50ms", "maxRetries": 3}
    resiliency = {
        "apiVersion": "dapr.io/v1alpha1",
        "kind": "Resiliency",
        "metadata": {"name": "todo"},
        "spec": {
            "policies": {
                "retries": {"connection": connection | {"matching": {"httpStatusCodes": "503"}}}
            },
            "targets": {"apps": {target: {"retry": "connection"} for target in targets}},
        },
    }
    (resources / "resiliency.yaml").write_text(json.dumps(resiliency))
    there = '{{if eq .Namespace "todo-app-dev-green"}}'
    configure_names(folder, f"{there}127.0.0.1:{peer.internal}{{{{end}}}}")


@pytest.fixture
async def busy_app() -> AsyncIterator[int]:
    """The port of an app that takes nothing twice, and then answers."""
    asked = 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.json_response({}, status=503 if asked <= 2 else 200)

    app, port = web.Application(), free_port()
    app.router.add_get("/tasks", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield port
    await runner.cleanup()


@pytest.mark.parametrize(
    ("targets", "status"),
    [(["task-service", PEER], 200), (["task-service"], 503)],
    ids=["by its whole name", "by its app id alone"],
)
async def test_a_policy_counts_there_only_by_the_whole_name(
    tmp_path: Path, busy_app: int, targets: list[str], status: int
) -> None:
    resources = tmp_path / "resources"
    caller = Daprd("api-gateway", tmp_path, resources)
    peer = Daprd("task-service", tmp_path, resources, busy_app)
    configure(tmp_path, peer, targets)
    sidecars = (peer, caller)
    for sidecar in sidecars:
        await asyncio.to_thread(sidecar.start)
    try:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:

            async def ready() -> bool:
                try:
                    answers = [await client.get(f"{one.url}/v1.0/healthz") for one in sidecars]
                except httpx.HTTPError:
                    return False
                return all(answer.is_success for answer in answers)

            await eventually(ready, 60)
            answer = await client.get(f"{caller.url}/v1.0/invoke/{PEER}/method/tasks")
            assert answer.status_code == status
    finally:
        for sidecar in sidecars:
            await asyncio.to_thread(sidecar.stop)
