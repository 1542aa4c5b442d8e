"""Pieces of a pod that every workload of the platform shares: hardening, resources, probes."""

import hashlib
import json
from typing import Any, Final

from ballast.components.objects import Manifest

CONTAINER_SECURITY: Final[Manifest] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def pod_security(user: int, group: int | None = None) -> Manifest:
    """Pod security context of a fixed, unprivileged user whose group owns the volumes."""
    group = user if group is None else group
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": group,
        "fsGroup": group,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def resources(*, cpu: str, memory: str, cpu_limit: str, memory_limit: str) -> Manifest:
    """Requests and limits; no container of the platform goes without (POL-01)."""
    return {
        "requests": {"cpu": cpu, "memory": memory},
        "limits": {"cpu": cpu_limit, "memory": memory_limit},
    }


def fast_probe(check: Manifest, *, seconds_to_start: int = 120) -> dict[str, Manifest]:
    """Startup probe every second, then a calm readiness probe: quick to start, cheap to keep."""
    return {
        "startupProbe": {**check, "periodSeconds": 1, "failureThreshold": seconds_to_start},
        "readinessProbe": {**check, "periodSeconds": 5, "failureThreshold": 3},
    }


def labels(name: str) -> dict[str, str]:
    """Labels that select a workload's pods."""
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "ballast"}


def fingerprint(*content: Any) -> str:
    """Digest of configuration, for an annotation that rolls the pods when it changes."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def config_annotation(*content: Any) -> dict[str, str]:
    """The annotation that carries `fingerprint(content)`."""
    return {"ballast.dev/config": fingerprint(*content)}


def service_account(name: str, namespace: str) -> Manifest:
    """A ServiceAccount of its own, whose token is mounted only by the pods that ask for it."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": namespace},
        "automountServiceAccountToken": False,
    }


def service(
    name: str, namespace: str, ports: dict[str, int], *, headless: bool = False, **spec: Any
) -> Manifest:
    """A ClusterIP Service of the workload with the same name; ports by name."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "labels": labels(name)},
        "spec": {
            "selector": labels(name),
            "ports": [
                {"name": port, "port": number, "targetPort": port, "protocol": "TCP"}
                for port, number in ports.items()
            ],
            **({"clusterIP": "None"} if headless else {}),
            **spec,
        },
    }
