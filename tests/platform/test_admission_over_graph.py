"""The cluster's admission policies hold for the platform's own pods, before any cluster exists."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ballast.paths import repository_root
from ballast.policy.cel import evaluate

POLICIES = sorted((repository_root() / "policies" / "admission").glob("*.yaml"))
STACKS = ["embedded", "minikube", "doks", "gke", "aks"]
KINDS = ("Deployment", "StatefulSet")


def workloads(recording: Any, plain: Callable[[Any], Any]) -> list[dict[str, Any]]:
    return [
        plain(made.inputs) | {"apiVersion": "apps/v1", "kind": kind}
        for kind in KINDS
        for made in recording.of_type(f"kubernetes:apps/v1:{kind}")
    ]


def limitless(image: str = "example.com/app:1") -> dict[str, Any]:
    security = {"runAsNonRoot": True, "allowPrivilegeEscalation": False}
    container = {"name": "app", "image": image, "securityContext": security}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "app"},
        "spec": {"containers": [container]},
    }


def refusals(obj: Mapping[str, Any]) -> list[str]:
    return [message for policy in POLICIES for message in evaluate(policy, obj)]


@pytest.mark.parametrize("stack", STACKS)
def test_no_workload_of_the_platform_breaks_a_policy(
    stack: str, recordings: Mapping[str, Any], unwrapped: Callable[[Any], Any]
) -> None:
    found = workloads(recordings[stack], unwrapped)
    assert len(found) >= 10
    broken = {obj["metadata"]["name"]: refusals(obj) for obj in found}
    assert {name: messages for name, messages in broken.items() if messages} == {}


def test_a_pod_without_limits_is_refused_with_what_to_set() -> None:
    [limits, requests] = refusals(limitless())
    assert "resources.limits.cpu" in limits
    assert "resources.requests.cpu" in requests


def test_a_pod_that_runs_as_root_is_refused() -> None:
    pod = limitless()
    pod["spec"]["securityContext"] = {"runAsUser": 0}
    assert any("root" in message for message in refusals(pod))


def test_taking_the_limits_from_a_workload_of_the_platform_is_found(
    recordings: Mapping[str, Any], unwrapped: Callable[[Any], Any]
) -> None:
    victim = workloads(recordings["embedded"], unwrapped)[0]
    del victim["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
    assert any("limits" in message for message in refusals(victim))
