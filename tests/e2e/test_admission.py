"""The cluster itself refuses bad pods, and says how to mend them."""

import copy

import pytest

from ballast.components.policy import WEBHOOK_OWNER
from ballast.kubeapi import KubeApi, KubeApiError

pytestmark = pytest.mark.e2e
NAMESPACE = "todo-app-dev"
# Kyverno gives these no owner: they watch kinds of its own only, which go with it.
OF_ITS_OWN_KINDS = {
    f"kyverno-{what}-validating-webhook-cfg"
    for what in ("exception", "cel-exception", "global-context")
}
NOBODY = [{"name": "nobody"}]
GOOD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "admission-probe", "namespace": NAMESPACE},
    "spec": {
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "probe",
                "image": "registry.k8s.io/pause:3.10",
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
                "resources": {
                    "requests": {"cpu": "1m", "memory": "8Mi"},
                    "limits": {"cpu": "10m", "memory": "16Mi"},
                },
            }
        ],
    },
}


def admit(api: KubeApi, pod: dict[str, object]) -> None:
    api.apply(pod, field_manager="admission-test", dry_run=True)


def test_a_good_pod_is_admitted(api: KubeApi) -> None:
    admit(api, GOOD)


def test_a_pod_that_may_run_as_root_is_refused(api: KubeApi) -> None:
    pod = copy.deepcopy(GOOD)
    pod["spec"]["securityContext"].pop("runAsNonRoot")  # type: ignore[union-attr]
    pod["spec"]["securityContext"]["runAsUser"] = 0  # type: ignore[index]
    with pytest.raises(KubeApiError, match=r"(?i)root"):
        admit(api, pod)


def test_a_pod_without_limits_is_refused_by_the_policy(api: KubeApi) -> None:
    # A Deployment, because the namespace's LimitRange would give a bare pod its defaults first.
    pod = copy.deepcopy(GOOD["spec"])
    pod["containers"][0].pop("resources")  # type: ignore[index]
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "admission-probe", "namespace": NAMESPACE},
        "spec": {
            "selector": {"matchLabels": {"app": "admission-probe"}},
            "template": {"metadata": {"labels": {"app": "admission-probe"}}, "spec": pod},
        },
    }
    with pytest.raises(KubeApiError, match=r"(?i)limit"):
        admit(api, deployment)


@pytest.mark.parametrize("kind", ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"])
def test_kyverno_s_webhooks_go_when_their_owner_goes(api: KubeApi, kind: str) -> None:
    found = api.list(
        "admissionregistration.k8s.io/v1", kind,
        label_selector="webhook.kyverno.io/managed-by=kyverno",
    )  # fmt: skip
    owners = {
        owner["name"]
        for each in found
        if each["metadata"]["name"] not in OF_ITS_OWN_KINDS
        for owner in each["metadata"].get("ownerReferences", NOBODY)
    }
    assert owners == {WEBHOOK_OWNER}
