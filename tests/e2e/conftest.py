"""The running platform as the tests see it: through 127.0.0.1, like any user."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from ballast import names
from ballast.gate.tokens import identity_of, mint
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi
from ballast.node import lifecycle as node


@pytest.fixture(scope="session")
def api() -> Iterator[KubeApi]:
    """The cluster's API; without a cluster these tests must fail and never pass by absence."""
    if not node.kubeconfig().exists():
        pytest.fail("no cluster: run `make up` first, or `make e2e`, which does")
    with KubeApi.from_kubeconfig(node.kubeconfig()) as client:
        yield client


@pytest.fixture(scope="session")
def git(api: KubeApi) -> GitServer:
    """The repository that Argo CD follows."""
    return GitServer(api)


@pytest.fixture
def gateway(api: KubeApi) -> Iterator[Callable[..., httpx.Client]]:
    """Clients of an environment's gateway, each signed in as one user."""
    opened: list[httpx.Client] = []

    def sign_in(user: str, environment: str = "dev") -> httpx.Client:
        token = mint(identity_of(api, environment), user)
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{names.GATEWAY_PORTS[environment]}/api/v1",
            headers={"authorization": f"Bearer {token}"},
            timeout=15,
            trust_env=False,
        )
        opened.append(client)
        return client

    yield sign_in
    for client in opened:
        client.close()
