"""Asking staging's admission about an image, without running it."""

import copy

from ballast import names
from ballast.kubeapi import KubeApi, KubeApiError
from ballast.kubeapi.shape import mapping

STAGING = names.ENVIRONMENT_NAMESPACES["staging"]


def unproven(digit: str) -> str:
    """An image that no gate has seen."""
    return f"{names.IMAGE_REGISTRY}/todo-task-service@sha256:{digit * 64}"


def with_image(api: KubeApi, image: str) -> dict:
    """A copy of staging's task-service under another name that runs another image."""
    made = api.get("apps/v1", "Deployment", "task-service", STAGING)
    assert made
    spec = copy.deepcopy(mapping(made["spec"]))
    spec["replicas"] = 0
    for container in spec["template"]["spec"]["containers"]:
        container["image"] = image
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "evidence-probe", "namespace": STAGING},
        "spec": spec,
    }


def refusal(api: KubeApi, obj: dict) -> str:
    """Why the API server does not take an object; empty when it would."""
    try:
        api.apply(obj, "evidence-test", dry_run=True)
    except KubeApiError as error:
        return str(error)
    return ""
