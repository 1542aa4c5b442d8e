"""Pods as experiments see them: identity, readiness, containers, nothing else."""

from dataclasses import dataclass, field
from typing import Any

from ballast.gate.candidate import Pods
from ballast.kubeapi.shape import mapping, mappings


@dataclass(frozen=True)
class PodState:
    """One pod at one moment; its UID tells a replacement from a survivor.

    `workload` is its namespace and the name that its labels give it; `ids` and `restarts` are of
    its containers, by name; `job` is a pod that is meant to come and go.
    """

    name: str
    uid: str
    ready: bool
    leaving: bool
    workload: str = ""
    address: str = ""
    job: bool = False
    ids: dict[str, str] = field(default_factory=dict[str, str])
    restarts: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def serves(self) -> bool:
        """Ready and not on its way out."""
        return self.ready and not self.leaving


def pods_of(api: Pods, namespace: str | None, selector: str | None) -> list[PodState]:
    """Pods that a label selector picks, or all, in name order."""
    found = api.list("v1", "Pod", namespace, selector)
    return sorted((pod_state(pod) for pod in found), key=lambda pod: (pod.workload, pod.name))


def pod_state(pod: dict[str, Any]) -> PodState:
    """What an object of the API server says."""
    metadata, status = mapping(pod.get("metadata")), mapping(pod.get("status"))
    labels = mapping(metadata.get("labels"))
    name = str(metadata.get("name", ""))
    conditions = mappings(status.get("conditions"))
    containers = mappings(status.get("containerStatuses"))
    app = labels.get("app.kubernetes.io/name") or labels.get("app") or name
    return PodState(
        name=name,
        uid=str(metadata.get("uid", "")),
        ready=any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions),
        leaving="deletionTimestamp" in metadata,
        workload=f"{metadata.get('namespace', '')}/{app}",
        address=str(status.get("podIP", "")),
        job=any(o.get("kind") == "Job" for o in mappings(metadata.get("ownerReferences"))),
        ids={str(c["name"]): str(c.get("containerID", "")).split("//")[-1] for c in containers},
        restarts={str(c["name"]): int(c.get("restartCount", 0)) for c in containers},
    )
