"""A node of its own beside whatever else this machine runs: own folder, own port."""

import os
import socket
import time

import pytest

from ballast.kubeapi import KubeApi
from ballast.node import lifecycle
from ballast.node.components import BINARIES
from ballast.node.layout import Layout
from ballast.supply.build import ensure_binaries
from ballast.supply.host_root import ensure_host_root
from ballast.supply.images import ensure_images, node_images


class Node:
    """The node under test."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.binaries = ensure_binaries(BINARIES)
        self.host_root = ensure_host_root("node")

    def up(self):
        return lifecycle.up(self.binaries, self.host_root, progress=print, api_port=self.port)

    @property
    def layout(self) -> Layout:
        return Layout.default()

    @property
    def api(self) -> KubeApi:
        return KubeApi.from_kubeconfig(self.layout.admin_kubeconfig)

    def until(self, holds, seconds: float = 120):
        """Wait for a condition; its last value is the answer."""
        end = time.monotonic() + seconds
        while not (value := holds()):
            if time.monotonic() > end:
                raise AssertionError(f"never held: {lifecycle.status()}")
            time.sleep(0.1)
        return value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    before = os.environ.get("BALLAST_HOME")
    os.environ["BALLAST_HOME"] = str(tmp_path_factory.mktemp("home"))
    made = Node(free_port())
    yield made
    lifecycle.down(purge=True)
    if before is None:
        del os.environ["BALLAST_HOME"]
    else:
        os.environ["BALLAST_HOME"] = before


@pytest.fixture(scope="session")
def images():
    return ensure_images(node_images())


@pytest.fixture
def running(node):
    node.up()
    return node


@pytest.fixture
def equipped(running, images):
    lifecycle.import_images(images.values())
    lifecycle.apply_addons()
    return running
