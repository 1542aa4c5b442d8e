"""One environment of the running platform: its gateway, its users, its pods, what they say."""

import os
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from ballast.errors import BallastError
from ballast.gate.pods import PodState, pod_state
from ballast.gate.tokens import identity_of, mint
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import Json, mapping, mappings
from ballast.names import ENVIRONMENT_NAMESPACES, GATEWAY_PORTS
from ballast.node import lifecycle as node
from workload.histograms import Page, read_page

TOKEN_SECONDS: Final = 7200.0
SIDECAR: Final = "daprd"
OF_APPS: Final = "app.kubernetes.io/part-of=todo"


@dataclass(frozen=True)
class Users:
    """Names of users that nobody had before, and a token for each."""

    names: list[str]
    tokens: list[str]


@dataclass(frozen=True)
class Environment:
    """`name` is dev, staging or prod."""

    name: str
    api: KubeApi

    @property
    def namespace(self) -> str:
        """Where its services run."""
        return ENVIRONMENT_NAMESPACES[self.name]

    @property
    def url(self) -> str:
        """Its gateway on this machine."""
        return f"http://127.0.0.1:{GATEWAY_PORTS[self.name]}"

    def users(self, run: str, number: int) -> Users:
        """So many users of a run."""
        identity = identity_of(self.api, self.name)
        names = [f"{run}-{place}" for place in range(number)]
        return Users(names, [mint(identity, name, TOKEN_SECONDS) for name in names])

    def pods(self, selector: str = OF_APPS) -> list[Json]:
        """Pods of the environment that are not leaving."""
        return _pods(self.api, self.namespace, selector)

    def pages(self, service: str) -> list[Page]:
        """What the app in each pod of a service says on its metrics page."""
        return app_pages(self.api, self.namespace, service)

    def sidecar_pages(self, service: str) -> list[Page]:
        """The same of each sidecar."""
        pods = self.pods(f"app={service}")
        return [_page(self.api, self.namespace, pod, SIDECAR, "dapr-metrics") for pod in pods]


def app_pages(api: KubeApi, namespace: str, service: str) -> list[Page]:
    """What the app in each pod of a service says on its metrics page, in any namespace."""
    pods = _pods(api, namespace, f"app={service}")
    return [_page(api, namespace, pod, service, "http") for pod in pods]


def _pods(api: KubeApi, namespace: str, selector: str) -> list[Json]:
    found = api.list("v1", "Pod", namespace, selector)
    return [pod for pod in found if not pod_state(pod).leaving and not pod_state(pod).job]


def _page(api: KubeApi, namespace: str, pod: Json, container: str, port: str) -> Page:
    number = _port(pod, container, port)
    path = f"/api/v1/namespaces/{namespace}/pods/{pod_state(pod).name}:{number}/proxy/metrics"
    return read_page(api.text(path))


def _port(pod: Json, container: str, name: str) -> int:
    spec = mapping(pod.get("spec"))
    for each in (*mappings(spec.get("containers")), *mappings(spec.get("initContainers"))):
        for port in mappings(each.get("ports")):
            if each.get("name") == container and port.get("name") == name:
                return int(port["containerPort"])
    raise BallastError(f"container {container} of {pod_state(pod).name} has no port {name}")


@contextmanager
def open_environment(name: str) -> Generator[Environment]:
    """An environment of the node of this machine; BallastError when there is none."""
    if not node.kubeconfig().exists():
        raise BallastError("the platform is not up: there is no kubeconfig", "ballast up")
    with KubeApi.from_kubeconfig(node.kubeconfig()) as api:
        yield Environment(name, api)


def name_of_run(what: str) -> str:
    """A name that no run had before."""
    return f"{what}-{time.strftime('%m%d%H%M%S', time.gmtime())}-{os.getpid()}"


def load_of_machine() -> str:
    """The machine's load averages, to be printed with each figure."""
    return "load " + " ".join(f"{each:.1f}" for each in os.getloadavg())


def serving(pods: Sequence[PodState]) -> int:
    """How many of them are ready and stay."""
    return sum(pod.serves for pod in pods)
