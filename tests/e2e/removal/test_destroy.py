"""The last of the tests that need the platform: the engine takes it away again, wholly."""

import pytest
from tests.e2e.eventually import eventually

from ballast import engine
from ballast.kubeapi import KubeApi
from ballast.node import lifecycle as node
from ballast.paths import state_dir

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

# Helm leaves what lies in a chart's folder crds, for with a definition every object of it would go.
LEFT_BY_HELM = {
    f"{name}.dapr.io"
    for name in ("components", "configurations", "httpendpoints", "resiliencies", "subscriptions")
}
# Kyverno removes these itself when it is quicker than the removal of its rights, and gives them no
# owner; they watch kinds of its own only, which are gone.
LEFT_BY_KYVERNO = {
    f"kyverno-{what}-validating-webhook-cfg"
    for what in ("exception", "cel-exception", "global-context")
}
OF_THE_NODE = {"default", "kube-node-lease", "kube-public", "kube-system", "local-path-storage"}


class Nothing(frozenset[str]):
    """True while empty, so that a failure names what is in it."""

    def __bool__(self) -> bool:
        return len(self) == 0


@pytest.fixture(scope="module")
def api() -> KubeApi:
    return KubeApi.from_kubeconfig(node.kubeconfig())


@pytest.fixture(scope="module", autouse=True)
def destroyed() -> None:
    engine.embedded(state_dir()).destroy()


def names(api: KubeApi, api_version: str, kind: str) -> set[str]:
    return {str(each["metadata"]["name"]) for each in api.list(api_version, kind)}


def test_only_the_namespaces_of_the_node_are_left(api: KubeApi) -> None:
    assert names(api, "v1", "Namespace") == OF_THE_NODE


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
        ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
        ("v1", "PersistentVolume"),
    ],
)
def test_nothing_of_a_kind_is_left(api: KubeApi, api_version: str, kind: str) -> None:
    # What belongs to an object that is gone is collected by the cluster in its own time.
    left = f"no {kind} but those of Helm and Kyverno"
    eventually(
        lambda: Nothing(names(api, api_version, kind) - LEFT_BY_HELM - LEFT_BY_KYVERNO), 120, left
    )


def test_the_state_is_empty() -> None:
    assert engine.embedded(state_dir()).outputs() == {}
