"""The embedded node as the rest of Ballast uses it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess

from ballast.kubeapi import KubeApi
from ballast.names import API_SERVER_PORT
from ballast.node import (
    addons,
    addresses,
    entering,
    exposing,
    freshness,
    images,
    readiness,
    starting,
    stopping,
)
from ballast.node.boot import Boot
from ballast.node.errors import NodeError
from ballast.node.hostroot import HostRoot
from ballast.node.images import ImageArchive
from ballast.node.layout import Layout
from ballast.node.liveness import load_identity
from ballast.node.locking import exclusive
from ballast.node.status import NodeStatus, read_status

Progress = Callable[[str], None]
ADDON_SECONDS = 120.0


def _silent(_: str) -> None:
    return


def kubeconfig() -> Path:
    """Kubeconfig of the administrator, for https://127.0.0.1:16443."""
    return Layout.default().admin_kubeconfig


def up(
    binaries: Mapping[str, Path],
    host_root: Path,
    *,
    progress: Progress = _silent,
    api_port: int = API_SERVER_PORT,
) -> NodeStatus:
    """Bring the node to Ready from whatever state it is in; NodeError says what stands in the way.

    A healthy node made of the same programs is adopted, anything else is cleaned and started.
    """
    layout = Layout.default()
    host = HostRoot(host_root, layout.tools)
    with exclusive(layout.lock, progress) as lock:
        boot = starting.plan(binaries, host, layout, api_port)
        if _adopt(layout, boot, progress):
            return status()
        progress("starting the node")
        forwards = exposing.remembered_forwards(layout) | exposing.api_forward(api_port)
        exposing.write_forwards(layout, forwards)
        starting.start(boot, host, layout, api_port, lock)
        try:
            exposing.await_forwards(layout, forwards, exposing.api_forward(api_port))
        except NodeError:
            # Nobody could reach it, not even to say what is wrong with it.
            stopping.stop(layout)
            raise
        wait_ready()
        _await_pods(layout, progress)
    return status()


def _await_pods(layout: Layout, progress: Progress) -> None:
    identity = load_identity(layout.identity)
    if identity:
        with KubeApi.from_kubeconfig(layout.admin_kubeconfig) as api:
            freshness.wait_for_fresh_pods(api, identity.started, progress)


def _adopt(layout: Layout, boot: Boot, progress: Progress) -> bool:
    """True when the running node will do; otherwise nothing of it is left."""
    found = read_status(layout)
    identity = load_identity(layout.identity)
    if identity and identity.alive() and identity.spec == boot.digest():
        try:
            wait_ready(30.0)
        except NodeError as error:
            progress(f"the running node is not healthy, starting it anew: {error}")
        else:
            return True
    elif found.state == "dead":
        progress(f"cleaning up: {found.reason}")
    elif found.state != "stopped":
        progress("the node's programs changed, restarting it")
    stopping.stop(layout)
    return False


def wait_ready(seconds: float = readiness.DEADLINE) -> None:
    """Wait for a fresh Ready of the node; NodeError after `seconds` with what failed."""
    readiness.wait_for_node(Layout.default(), addons.apply_access, seconds)


def down(purge: bool = False, *, progress: Progress = _silent) -> None:
    """Stop the node and leave nothing running or mounted; `purge` removes its data as well."""
    layout = Layout.default()
    if not layout.root.exists():
        return
    with exclusive(layout.lock, progress):
        stopping.stop(layout)
        if purge:
            stopping.purge(layout)


def status() -> NodeStatus:
    """State of the node; `ready` is asked from its API."""
    layout = Layout.default()
    found = read_status(layout)
    if found.state in {"stopped", "dead"}:
        return found
    with KubeApi.from_kubeconfig(layout.admin_kubeconfig, deadline=1.0) as api:
        ready = readiness.api_ready(api) and readiness.node_is_ready(api, found.started_at)
    return found.model_copy(update={"ready": ready})


def import_images(archives: Iterable[ImageArchive]) -> list[str]:
    """Give the node images it lacks, two at a time; returns their references."""
    base = ["ctr", f"--address={addresses.CONTAINERD_SOCKET}", "--namespace=k8s.io"]
    return images.import_archives(archives, lambda argv: enter([*base, *argv]))


def apply_addons(seconds: float = ADDON_SECONDS) -> None:
    """Apply CoreDNS, local-path storage and metrics-server, and wait for them."""
    with KubeApi.from_kubeconfig(kubeconfig()) as api:
        addons.apply_system(api)
        addons.wait_system(api, seconds)


def expose(forwards: Mapping[int, tuple[str, int]]) -> None:
    """Make these ports of 127.0.0.1 lead to addresses inside, and no others but the API's.

    NodeError names the ports that another program holds.
    """
    layout = Layout.default()
    wanted = {**forwards, **exposing.running_api_forward(layout)}
    exposing.write_forwards(layout, wanted)
    exposing.await_forwards(layout, wanted, wanted)


def enter(argv: Sequence[str]) -> CompletedProcess[str]:
    """Run a program inside the node's namespaces and return what it said."""
    return entering.enter(Layout.default(), argv)
