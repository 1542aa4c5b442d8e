"""The provider process, configured for the shared control plane."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from apiserver import ApiServer

from ballast.supply import build

sys.path.insert(0, str(Path(__file__).parent))  # test-only modules of this folder

from provider_process import Provider, started


@pytest.fixture(scope="session")
def helm_binary() -> Path:
    """The helm program the provider runs."""
    return build.ensure_binaries(["helm"])["helm"]


@pytest.fixture(scope="session")
def session_provider(
    control_plane: ApiServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Provider]:
    """One provider process for tests that need no particular configuration."""
    with started(tmp_path_factory.mktemp("provider")) as provider:
        provider.configure(kubeconfig=str(control_plane.kubeconfig))
        yield provider


@pytest.fixture
def provider(session_provider: Provider) -> Provider:
    """A configured provider."""
    return session_provider


@pytest.fixture
def mutable_provider(control_plane: ApiServer, tmp_path: Path) -> Iterator[Provider]:
    """A provider told to change ConfigMaps and Secrets in place."""
    with started(tmp_path) as provider:
        provider.configure(
            kubeconfig=str(control_plane.kubeconfig),
            enableConfigMapMutable="true",
            enableSecretMutable="true",
        )
        yield provider
