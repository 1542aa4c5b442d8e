"""Pods that came with a commit and will not start, however long anyone waits."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import Json, mapping, mappings

RESTARTS: Final = 2  # one may be the wait for a neighbour that starts as well
FAILURES: Final = 3  # of a Job, which tries again with a new pod, later each time
_DEAD_ENDS: Final = (
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
)


class Newcomers:
    """The pods of a namespace that were made at a Unix time or later."""

    def __init__(self, api: KubeApi, namespace: str, since: float) -> None:
        """Asks nothing yet."""
        self._api = api
        self._namespace = namespace
        self._since = since

    def hopeless(self) -> str:
        """One line on the first newcomer that will not start by itself; empty without one."""
        pods = [
            pod for pod in self._api.list("v1", "Pod", self._namespace) if _made(pod) >= self._since
        ]
        for pod in pods:
            if reason := _dead_end(pod):
                return f"pod {mapping(pod.get('metadata')).get('name')}, {reason}"
        return _failing_job(pods)


def _failing_job(pods: Sequence[Json]) -> str:
    ended = Counter((_job(pod), mapping(pod.get("status")).get("phase")) for pod in pods)
    for (job, phase), times in ended.items():
        if job and phase == "Failed" and times >= FAILURES and not ended[job, "Succeeded"]:
            return f"Job {job}: has ended {times} times"
    return ""


def _job(pod: Json) -> str:
    owners = mappings(mapping(pod.get("metadata")).get("ownerReferences"))
    return next((str(owner.get("name")) for owner in owners if owner.get("kind") == "Job"), "")


def _made(pod: Json) -> float:
    return datetime.fromisoformat(
        str(mapping(pod.get("metadata")).get("creationTimestamp"))
    ).timestamp()


def _dead_end(pod: Json) -> str:
    status = mapping(pod.get("status"))
    for key in ("initContainerStatuses", "containerStatuses"):
        for container in mappings(status.get(key)):
            waiting = mapping(mapping(container.get("state")).get("waiting"))
            restarts = int(container.get("restartCount") or 0)
            name = container.get("name")
            if waiting.get("reason") in _DEAD_ENDS:
                return f"{name}: {waiting['reason']}: {waiting.get('message') or ''}".rstrip(": ")
            if restarts >= RESTARTS and not container.get("ready"):
                return f"{name}: has ended {restarts} times"
    return ""
