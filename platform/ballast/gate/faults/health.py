"""A container's own health check, asked from outside its processes: in its pod's network."""

import http.client
import time
from dataclasses import dataclass
from typing import Any

from ballast.errors import BallastError
from ballast.kubeapi.shape import Json, mapping, mappings
from ballast.node.containers import network_of, processes_of


@dataclass(frozen=True)
class HealthCheck:
    """Where a container of a pod says that it works."""

    pod: str
    address: str
    port: int
    path: str

    def seconds(self, timeout: float) -> float | None:
        """How long the answer took; None when none came within `timeout` seconds."""
        start = time.monotonic()
        with network_of(processes_of(self.pod)) as inside:
            if not inside:
                return None
            connection = http.client.HTTPConnection(self.address, self.port, timeout=timeout)
            try:
                connection.request("GET", self.path)
                connection.getresponse().read()
            except (OSError, http.client.HTTPException):
                return None
            finally:
                connection.close()
        return time.monotonic() - start


def health_check(pod: dict[str, Any], container: str) -> HealthCheck:
    """The HTTP probe that the pod's specification gives the container; BallastError without one."""
    spec = mapping(pod.get("spec"))
    every = [*mappings(spec.get("containers")), *mappings(spec.get("initContainers"))]
    found = next((each for each in every if each.get("name") == container), Json())
    for kind in ("livenessProbe", "readinessProbe"):
        asked = mapping(mapping(found.get(kind)).get("httpGet"))
        if asked:
            return HealthCheck(
                pod=str(mapping(pod.get("metadata")).get("uid", "")),
                address=str(mapping(pod.get("status")).get("podIP", "")),
                port=_port(asked.get("port"), found),
                path=str(asked.get("path", "/")),
            )
    raise BallastError(f"container {container} has no HTTP probe to ask it by")


def _port(port: object, container: dict[str, Any]) -> int:
    if isinstance(port, int):
        return port
    named = {str(p.get("name")): p.get("containerPort") for p in mappings(container.get("ports"))}
    return int(named.get(str(port)) or str(port))
