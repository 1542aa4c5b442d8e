"""What is to be promoted: the digests of the lower environment, proven to be what runs there."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from ballast import release
from ballast.errors import BallastError
from ballast.kubeapi.shape import mapping, mappings
from ballast.names import ENVIRONMENT_NAMESPACES, SERVICES
from ballast.release import Release


class Pods(Protocol):
    """Where pods are listed: KubeApi."""

    def list(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        label_selector: str | None = None,
    ) -> list[dict[str, Any]]:
        """All objects of a kind with a label."""
        ...


class Files(Protocol):
    """Where files of `main` are read: GitServer."""

    def read_file(self, path: str) -> str:
        """Text of a file."""
        ...

    def list_files(self, folder: str) -> list[str]:
        """Paths of the files under a folder; none when it does not exist."""
        ...


def candidate_of(git: Files, environment: str) -> Release:
    """The release that an environment is declared to run."""
    return release.parse(git.read_file(release.path_of(environment)))


def running_digests(api: Pods, environment: str) -> dict[str, list[str]]:
    """Image ids of each service's containers as the node reports them, by service."""
    namespace = ENVIRONMENT_NAMESPACES[environment]
    return {
        service: sorted(
            {
                image
                for pod in api.list("v1", "Pod", namespace, f"app={service}")
                if _serves(pod)
                for image in _image_ids(pod, service)
            }
        )
        for service in SERVICES
    }


def mismatches(candidate: Release, running: dict[str, list[str]]) -> list[str]:
    """Sentences on every service whose pods do not run exactly the candidate's digest."""
    wrong: list[str] = []
    for service, digest in candidate.digests.items():
        found = running.get(service, [])
        others = [image for image in found if not image.endswith(digest)]
        if not found:
            wrong.append(f"no pod of {service} runs")
        elif others:
            wrong.append(f"{service} runs {others[0]} and not {digest}")
    return wrong


def verified_candidate(git: Files, api: Pods, environment: str) -> Release:
    """The candidate; BallastError when the environment runs anything else."""
    candidate = candidate_of(git, environment)
    wrong = mismatches(candidate, running_digests(api, environment))
    if wrong:
        raise BallastError(
            f"{environment} does not run what its release.yaml says: {'; '.join(wrong)}",
            "Wait until Argo CD has synced it, then promote again.",
        )
    return candidate


def served(git: Files, api: Pods, environment: str) -> Release | None:
    """What a target serves, to compare with; None when nothing was ever released to it.

    BallastError when its pods run anything else: a broken target is no standard to be held to.
    """
    path = release.path_of(environment)
    if path not in git.list_files(str(Path(path).parent)):
        return None
    return verified_candidate(git, api, environment)


def _serves(pod: dict[str, Any]) -> bool:
    leaving = "deletionTimestamp" in mapping(pod.get("metadata"))
    return not leaving and mapping(pod.get("status")).get("phase") == "Running"


def _image_ids(pod: dict[str, Any], service: str) -> Iterable[str]:
    statuses = mappings(mapping(pod.get("status")).get("containerStatuses"))
    return (str(s.get("imageID", "")) for s in statuses if s.get("name") == service)
