"""Pods that still run an image whose tag has another content by now.

A tag of the supply stays when its content changes: another compiler, another version of what it is
built with. On a registry that would be a new tag; here the pods that run the old one start again.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import Json, mapping, mappings

_OVER = frozenset({"Succeeded", "Failed"})


class Tagged(Protocol):
    """What is known of an image: its reference with the tag, and what that should be."""

    @property
    def reference(self) -> str: ...
    @property
    def repository(self) -> str: ...
    @property
    def digest(self) -> str: ...


def outdated(pods: Iterable[Json], images: Iterable[Tagged]) -> Iterator[tuple[str, str]]:
    """Namespace and name of each pod at work with an image that is not the one of its tag now."""
    wanted = {image.reference: f"{image.repository}@{image.digest}" for image in images}
    for pod in pods:
        status = mapping(pod.get("status"))
        if status.get("phase") in _OVER:
            continue
        containers = [
            *mappings(status.get("containerStatuses")),
            *mappings(status.get("initContainerStatuses")),
        ]
        if any(_is_old(container, wanted) for container in containers):
            metadata = mapping(pod.get("metadata"))
            yield str(metadata["namespace"]), str(metadata["name"])


def restart_outdated(api: KubeApi, images: Iterable[Tagged]) -> list[str]:
    """Delete those pods, whose controllers make new ones; returns `namespace/name` of each."""
    found = list(outdated(mappings(api.request("GET", "/api/v1/pods")["items"]), images))
    for namespace, name in found:
        api.delete("v1", "Pod", name, namespace)
    return [f"{namespace}/{name}" for namespace, name in found]


def _is_old(container: Json, wanted: dict[str, str]) -> bool:
    running = str(container.get("imageID") or "")
    return bool(running) and wanted.get(str(container.get("image")), running) != running
