"""The control plane that integration tests share: started once, only when a test asks for it."""

from collections.abc import Iterator

import pytest
from apiserver import BINARIES, ApiServer, running

from ballast.kubeapi import KubeApi
from ballast.supply import build


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A real API server with its controllers, and no node."""
    binaries = build.ensure_binaries(BINARIES)
    with running(tmp_path_factory.mktemp("control-plane"), binaries) as server:
        yield server


@pytest.fixture
def api(control_plane: ApiServer) -> Iterator[KubeApi]:
    """An administrator's client of it."""
    with KubeApi.from_kubeconfig(control_plane.kubeconfig) as client:
        yield client


@pytest.fixture
def namespace(api: KubeApi, request: pytest.FixtureRequest) -> str:
    """A namespace of the test's own."""
    stem = request.node.name.lower().replace("_", "-")
    name = "".join(c for c in stem if c.isalnum() or c == "-")[:50].strip("-")
    document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    api.apply(document, "tests")
    return name
