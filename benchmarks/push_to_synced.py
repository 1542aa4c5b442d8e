"""Seconds from a pushed commit until Argo CD has it Synced and Healthy, on the running platform."""

import time
import uuid

import yaml

from ballast import argo
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi
from ballast.node import lifecycle as node

APPLICATION = "observability"


def rule(name: str) -> str:
    """A small object that the Application owns."""
    return yaml.safe_dump(
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {"name": name, "namespace": "monitoring"},
            "spec": {
                "groups": [
                    {"name": name, "rules": [{"record": "marker:push", "expr": "vector(1)"}]}
                ]
            },
        }
    )


def push_to_synced(repeats: int) -> list[float]:
    """One figure a push; each push is undone and waited for before the next."""
    api = KubeApi.from_kubeconfig(node.kubeconfig())
    git = GitServer(api)
    found: list[float] = []
    for _ in range(repeats):
        name = f"push-{uuid.uuid4().hex[:8]}"
        path = f"gitops/observability/{name}.yaml"
        began = time.monotonic()
        commit = git.commit_files(f"{name}: measured", {path: rule(name)})
        argo.wait_synced(api, [APPLICATION], commit, timeout=60)
        found.append(time.monotonic() - began)
        undone = git.commit_files(f"{name}: removed", {path: None})
        argo.wait_synced(api, [APPLICATION], undone, timeout=60)
    return found


if __name__ == "__main__":
    print(" ".join(f"{each:.2f}" for each in push_to_synced(5)))
