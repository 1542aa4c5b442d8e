"""Everything in Git is an object that a real API server takes, field by field."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ballast.kubeapi import KubeApi, KubeApiError
from ballast.names import ENVIRONMENT_NAMESPACES

from .conftest import ROOT, Object, documents

FILES = sorted(
    path
    for folder in ("gitops/argocd", "gitops/observability", "policies/admission")
    for path in (ROOT / folder).glob("*.yaml")
)


def problems(api: KubeApi, objects: list[Object], namespace: str | None = None) -> dict[str, str]:
    found: dict[str, str] = {}
    for obj in objects:
        if namespace:
            obj["metadata"]["namespace"] = namespace
        try:
            api.apply(obj, "tests", dry_run=True)
        except KubeApiError as error:
            found[f"{obj['kind']}/{obj['metadata']['name']}"] = str(error)
    return found


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_an_environment_is_taken_in_a_restricted_namespace(
    environment: str, typed: KubeApi, rendered: Callable[[str], list[Object]]
) -> None:
    objects = rendered(environment)

    assert problems(typed, objects, ENVIRONMENT_NAMESPACES[environment]) == {}


@pytest.mark.parametrize("service", ["api-gateway", "task-service", "notification-service"])
def test_the_pods_themselves_meet_the_restricted_level(
    service: str, typed: KubeApi, rendered: Callable[[str], list[Object]]
) -> None:
    # Of a Deployment the level is only warned about: its pods are what is refused.
    namespace = ENVIRONMENT_NAMESPACES["dev"]
    [template] = [
        obj["spec"]["template"]
        for obj in rendered("dev")
        if obj["kind"] == "Deployment" and obj["metadata"]["name"] == service
    ]
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": service}}
    account["metadata"]["namespace"] = namespace
    typed.apply(account, "tests")
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": service}, **template}
    pod["metadata"] = {**template["metadata"], "name": service, "namespace": namespace}

    assert typed.apply(pod, "tests", dry_run=True)["spec"]["securityContext"]["runAsUser"] == 1000


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_that_argo_cd_applies_is_taken(path: Path, typed: KubeApi) -> None:
    assert problems(typed, documents(path)) == {}


def test_a_misspelt_field_would_be_noticed(typed: KubeApi) -> None:
    [policy] = documents(ROOT / "policies" / "admission" / "require-limits.yaml")
    policy["spec"]["validationAction"] = ["Deny"]

    assert "validationAction" in str(problems(typed, [policy]))
