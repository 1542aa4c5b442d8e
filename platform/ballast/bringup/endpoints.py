"""The ports on 127.0.0.1 through which this machine reaches the platform."""

import time
from dataclasses import dataclass
from typing import Final

from ballast import names
from ballast.errors import BallastError
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import mapping
from ballast.node import lifecycle as node


@dataclass(frozen=True)
class Endpoint:
    """One Service behind one local port; `path` completes the URL that people open."""

    name: str
    port: int
    namespace: str
    service: str
    service_port: int
    path: str = ""
    scheme: str = "http"

    @property
    def url(self) -> str:
        """Address on this machine."""
        return f"{self.scheme}://127.0.0.1:{self.port}{self.path}"


PLATFORM: Final = (
    Endpoint("git", names.GIT_HTTP_PORT, names.GIT_NAMESPACE, "git", 23232),
    Endpoint("git over ssh", names.GIT_SSH_PORT, names.GIT_NAMESPACE, "git", 23231, scheme="ssh"),
    Endpoint("argo cd api", names.ARGOCD_PORT, names.ARGOCD_NAMESPACE, "argocd-server", 80),
    Endpoint("prometheus", names.PROMETHEUS_PORT, names.MONITORING_NAMESPACE, "prometheus", 9090),
    Endpoint(
        "alertmanager", names.ALERTMANAGER_PORT, names.MONITORING_NAMESPACE, "alertmanager", 9093
    ),
    Endpoint(
        "pages received",
        names.ALERT_SINK_PORT,
        names.MONITORING_NAMESPACE,
        "alert-sink",
        8080,
        "/alerts",
    ),
    Endpoint("vault", names.VAULT_PORT, names.VAULT_NAMESPACE, "vault", 8200),
)


def gateway(environment: str) -> Endpoint:
    """The one public entry of an environment."""
    return Endpoint(
        f"gateway {environment}",
        names.GATEWAY_PORTS[environment],
        names.ENVIRONMENT_NAMESPACES[environment],
        "api-gateway",
        8004,
        "/docs",
    )


def open_ports(api: KubeApi, endpoints: list[Endpoint], seconds: float = 60.0) -> dict[str, str]:
    """Forward each port to its Service's address; returns URL by name.

    Waits up to `seconds` for a Service that is still on its way; BallastError names it.
    """
    deadline = time.monotonic() + seconds
    forwards = {e.port: (_address(api, e, deadline), e.service_port) for e in endpoints}
    node.expose(forwards)
    return {e.name: e.url for e in endpoints}


def _address(api: KubeApi, endpoint: Endpoint, deadline: float) -> str:
    while True:
        service = mapping(api.get("v1", "Service", endpoint.service, endpoint.namespace))
        address = str(mapping(service.get("spec")).get("clusterIP") or "")
        if address and address != "None":
            return address
        if time.monotonic() > deadline:
            raise BallastError(
                f"Service {endpoint.namespace}/{endpoint.service} has no address",
                fix="run `ballast node status`, then `make up` again",
            )
        time.sleep(0.5)
