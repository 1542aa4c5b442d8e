"""Where a workload is reached by another, and whether it is."""

import socket
import time
from dataclasses import dataclass

from ballast.errors import BallastError
from ballast.gate.order import Site
from ballast.gate.targets import target_of
from ballast.kubeapi.shape import mapping, mappings
from ballast.node.containers import network_of, processes_of

# The port on which sidecars call each other: the only one that pods of an environment may reach.
SIDECAR_PORT_NAME = "dapr-internal"


@dataclass(frozen=True)
class Peer:
    """Addresses of a workload (its Service's and its pods'), and one endpoint to try."""

    addresses: list[str]
    address: str
    port: int


def peer_of(site: Site, name: str) -> Peer:
    """The peer as it is now; BallastError when no pod of it serves."""
    target = target_of(name, site.order.namespace)
    pods = site.api.list("v1", "Pod", target.namespace, target.selector)
    found = [str(mapping(pod.get("status")).get("podIP") or "") for pod in pods]
    if not any(found):
        raise BallastError(f"no pod of {name} has an address")
    service = mapping(site.api.get("v1", "Service", target.name, target.namespace)).get("spec")
    cluster = str(mapping(service).get("clusterIP") or "None")
    first = next(pod for pod, address in zip(pods, found, strict=True) if address)
    return Peer(
        addresses=sorted({a for a in (*found, cluster) if a not in {"", "None"}}),
        address=next(a for a in found if a),
        port=declared_port(first),
    )


def declared_port(pod: dict[str, object]) -> int:
    """The port of a pod that others may reach: its sidecar's, else its first.

    BallastError when it declares none.
    """
    containers = mappings(mapping(pod.get("spec")).get("containers"))
    ports = [port for container in containers for port in mappings(container.get("ports"))]
    named = [port for port in ports if port.get("name") == SIDECAR_PORT_NAME]
    if not ports:
        raise BallastError(f"pod {mapping(pod.get('metadata')).get('name')} declares no port")
    return int((named or ports)[0]["containerPort"])


def connects(pod: str, address: str, port: int, timeout: float) -> str:
    """Try a new connection from inside a pod (UID): what went wrong, or nothing.

    BallastError when the pod is not here: nobody tried, so nothing went wrong.
    """
    with network_of(processes_of(pod)) as inside:
        if not inside:
            raise BallastError(
                f"pod {pod} has no network on this machine",
                "This fault needs the embedded node: ballast node status.",
            )
        try:
            socket.create_connection((address, port), timeout=timeout).close()
        except OSError as refused:
            return type(refused).__name__
    return ""


def tries(pod: str, peer: Peer, seconds: float, timeout: float) -> list[str]:
    """Try again and again for some seconds; what went wrong each time."""
    deadline = time.monotonic() + seconds
    results: list[str] = []
    while time.monotonic() < deadline:
        start = time.monotonic()
        results.append(connects(pod, peer.address, peer.port, timeout))
        # A refusal comes at once: a few tries a second say as much as thousands.
        time.sleep(max(0.0, 0.1 - (time.monotonic() - start)))
    return results
