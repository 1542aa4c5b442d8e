"""What a bare Kubernetes needs to be useful: names, volumes, metrics, and the rules they need."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import yaml

from ballast.kubeapi import KubeApi

FIELD_MANAGER: Final = "ballast-node"
_FOLDER: Final = Path(__file__).parent / "addons"
ACCESS: Final = "access"
SYSTEM: Final = tuple(
    f"{name}{part}"
    for name in ("coredns", "local-path", "metrics-server")
    for part in ("-access", "")
)
# Namespace and name of every Deployment that must be available.
DEPLOYMENTS: Final = (
    ("kube-system", "coredns"),
    ("local-path-storage", "local-path-provisioner"),
    ("kube-system", "metrics-server"),
)


def manifests(name: str) -> list[dict[str, object]]:
    """Objects of one add-on, in the order they are applied."""
    text = (_FOLDER / f"{name}.yaml").read_text()
    return [cast(dict[str, object], each) for each in yaml.safe_load_all(text)]


def apply_access(api: KubeApi) -> None:
    """Rules that the node's own components need; KubeApiError when refused."""
    for obj in manifests(ACCESS):
        api.apply(obj, FIELD_MANAGER)


def apply_system(api: KubeApi) -> None:
    """Create or update the add-ons; KubeApiError when refused."""
    for name in SYSTEM:
        for obj in manifests(name):
            api.apply(obj, FIELD_MANAGER)


def wait_system(api: KubeApi, seconds: float) -> None:
    """Wait until every add-on is available; WaitTimeoutError names the one that is not."""
    for namespace, name in DEPLOYMENTS:
        api.wait("apps/v1", "Deployment", name, namespace, available, seconds)


def available(deployment: Mapping[str, Any]) -> bool:
    """Whether the current generation of a Deployment has all its replicas available."""
    status = deployment.get("status", {})
    current = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    wanted = deployment["spec"].get("replicas", 1)
    return bool(
        current
        and status.get("updatedReplicas", 0) == wanted
        and status.get("availableReplicas", 0) == wanted
    )
