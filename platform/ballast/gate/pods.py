"""Pods of a service as experiments see them: identity, readiness, nothing else."""

from dataclasses import dataclass
from typing import Any

from ballast.gate.candidate import Pods
from ballast.kubeapi.shape import mapping, mappings


@dataclass(frozen=True)
class PodState:
    """One pod at one moment; its UID tells a replacement from a survivor."""

    name: str
    uid: str
    ready: bool
    leaving: bool
    restarts: int


def pods_of(api: Pods, namespace: str, service: str) -> list[PodState]:
    """Pods of a service in name order."""
    found = api.list("v1", "Pod", namespace, f"app={service}")
    return sorted((_state(pod) for pod in found), key=lambda pod: pod.name)


def ready_uids(pods: list[PodState]) -> set[str]:
    """UIDs of pods that serve."""
    return {pod.uid for pod in pods if pod.ready and not pod.leaving}


def _state(pod: dict[str, Any]) -> PodState:
    metadata, status = mapping(pod.get("metadata")), mapping(pod.get("status"))
    conditions = mappings(status.get("conditions"))
    return PodState(
        name=str(metadata.get("name", "")),
        uid=str(metadata.get("uid", "")),
        ready=any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions),
        leaving="deletionTimestamp" in metadata,
        restarts=sum(
            int(c.get("restartCount", 0)) for c in mappings(status.get("containerStatuses"))
        ),
    )
