"""Over real sidecars the service knows which service calls, whatever the caller says of itself."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from daprd import Daprd, configure_names
from ports import free_port
from running_app import eventually, running

from tasks.app import create_app
from todo_shared.settings import DatabaseSettings, ServiceSettings

# The first use on a machine may have to build the sidecar.
pytestmark = pytest.mark.timeout(1800)

CALLERS = ("scheduler-service", "api-gateway")


def _configure(folder: Path, sidecars: list[Daprd]) -> None:
    (folder / "resources").mkdir()
    addresses = "".join(
        f'{{{{if eq .ID "{each.app_id}"}}}}127.0.0.1:{each.internal}{{{{end}}}}'
        for each in sidecars
    )
    configure_names(folder, addresses)


@pytest.fixture
async def callers(tasks_url: str, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """The address of each caller's own sidecar; the service has one too."""
    port = free_port()
    own = Daprd("task-service", tmp_path, tmp_path / "resources", port)
    others = [Daprd(name, tmp_path, tmp_path / "resources") for name in CALLERS]
    sidecars = [own, *others]
    _configure(tmp_path, sidecars)
    for each in sidecars:
        each.start()
    app = create_app(ServiceSettings(sidecar_url=own.url), DatabaseSettings(database_url=tasks_url))
    try:
        async with running(app, port):
            yield {each.app_id: each.url for each in others}
    finally:
        for each in sidecars:
            each.stop()


async def test_only_the_schedulers_sidecar_reaches_what_is_due(callers: dict[str, str]) -> None:
    path = "/v1.0/invoke/task-service/method/tasks/due?before=2031-01-01T00:00:00Z"
    forged = {"dapr-caller-app-id": "scheduler-service"}
    answers: dict[str, httpx.Response] = {}
    async with httpx.AsyncClient(timeout=5) as client:
        for name, url in callers.items():

            async def answered(name: str = name, url: str = url) -> bool:
                try:
                    answers[name] = await client.get(url + path, headers=forged)
                except httpx.TransportError:
                    return False
                return answers[name].status_code < 500

            await eventually(answered, 60)
    assert answers["scheduler-service"].status_code == 200
    assert answers["scheduler-service"].json() == {"items": [], "next": None}
    refused = answers["api-gateway"]
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
