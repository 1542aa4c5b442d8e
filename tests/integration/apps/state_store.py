"""A real sidecar with the state component that the platform uses, over a real PostgreSQL."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from daprd import Daprd
from running_app import eventually

from todo_shared.dapr import Sidecar

STORE = "todo-state"


def _components(folder: Path, database_url: str) -> Path:
    resources = folder / "resources"
    resources.mkdir()
    component: dict[str, Any] = {
        "apiVersion": "dapr.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": STORE},
        "spec": {
            "type": "state.postgresql",
            "version": "v2",
            "metadata": [
                {"name": "connectionString", "value": database_url},
                {"name": "keyPrefix", "value": "none"},
            ],
        },
    }
    (resources / "state.yaml").write_text(json.dumps(component))
    config = {
        "apiVersion": "dapr.io/v1alpha1",
        "kind": "Configuration",
        "metadata": {"name": "dapr-config"},
        "spec": {},
    }
    (folder / "config.yaml").write_text(json.dumps(config))
    return resources


@asynccontextmanager
async def state_sidecar(folder: Path, database_url: str) -> AsyncIterator[tuple[Sidecar, Daprd]]:
    """An open client of a sidecar that is ready for state calls, and the sidecar."""
    daprd = Daprd("task-service", folder, _components(folder, database_url))
    daprd.start()
    try:
        async with Sidecar(daprd.url) as sidecar:
            await eventually(sidecar.ready, 60)
            yield sidecar, daprd
    finally:
        daprd.stop()
