"""Git is the only way in: commits arrive, manual edits are undone, removed files are pruned."""

import uuid
from typing import Any

import pytest
import yaml
from tests.e2e.eventually import eventually

from ballast import argo
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi

pytestmark = pytest.mark.e2e
NAMESPACE = "todo-app-dev"
RULE = ("monitoring.coreos.com/v1", "PrometheusRule")


def deployment(api: KubeApi, name: str) -> dict[str, Any]:
    found = api.get("apps/v1", "Deployment", name, NAMESPACE)
    assert found is not None
    return found


def test_both_environments_are_synced_and_healthy(api: KubeApi) -> None:
    argo.wait_synced(api, ["todo-dev", "todo-staging", "policies"], None, timeout=60)


def test_a_commit_reaches_the_cluster_and_its_removal_is_pruned(
    api: KubeApi, git: GitServer
) -> None:
    name = f"marker-{uuid.uuid4().hex[:8]}"
    path = f"gitops/observability/{name}.yaml"
    rule = {"record": "marker:written_by:commit", "expr": "vector(1)"}
    manifest = {
        "apiVersion": RULE[0],
        "kind": RULE[1],
        "metadata": {"name": name, "namespace": "monitoring"},
        "spec": {"groups": [{"name": name, "rules": [rule]}]},
    }
    git.commit_files(f"{name}: added", {path: yaml.safe_dump(manifest)})
    try:
        eventually(lambda: api.get(*RULE, name, "monitoring"), 60, "the sync")
    finally:
        git.commit_files(f"{name}: removed", {path: None})
    eventually(lambda: api.get(*RULE, name, "monitoring") is None, 60, "the prune")


def test_a_manual_edit_is_healed(api: KubeApi) -> None:
    wanted = deployment(api, "notification-service")["spec"]["replicas"]
    path = api.path("apps/v1", "Deployment", "notification-service", NAMESPACE)
    api.request(
        "PATCH",
        path,
        {"spec": {"replicas": wanted + 1}},
        content_type="application/merge-patch+json",
    )
    eventually(
        lambda: deployment(api, "notification-service")["spec"]["replicas"] == wanted,
        90,
        "the self-heal",
    )


def test_the_running_images_are_the_released_digests(api: KubeApi, git: GitServer) -> None:
    from ballast import release

    released = release.parse(git.read_file(release.path_of("dev")))
    for service, digest in released.digests.items():
        containers = deployment(api, service)["spec"]["template"]["spec"]["containers"]
        assert any(digest in container["image"] for container in containers), service
