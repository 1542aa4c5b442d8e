"""Rules over the recorded graph of every stack: what no registration may do."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pulumi_kubernetes
import pytest
import yaml

from ballast import names
from ballast.paths import repository_root

STACKS = ["embedded", "minikube", "doks", "gke", "aks"]
PROVIDER = "pulumi:providers:kubernetes"
SIGNATURE = "4dabf18193072939515e22adb298388d"
WORKLOADS = ("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet")
Graphs = Mapping[str, Any]


def leaves(value: Any) -> Iterator[str]:
    """Texts of a value outside of any secret."""
    if isinstance(value, dict):
        if SIGNATURE not in value:
            for inner in value.values():
                yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, str):
        yield value


def metadata(made: Any) -> dict[str, Any]:
    return made.inputs.get("metadata", {})


@pytest.mark.parametrize("stack", STACKS)
def test_the_kubeconfig_is_a_secret(stack: str, recordings: Graphs) -> None:
    [provider] = recordings[stack].of_type(PROVIDER)
    assert SIGNATURE in provider.inputs["kubeconfig"]


@pytest.mark.parametrize("stack", STACKS)
def test_the_provider_keeps_its_identity_when_the_kubeconfig_changes(
    stack: str, recordings: Graphs
) -> None:
    [provider] = recordings[stack].of_type(PROVIDER)
    assert provider.inputs["clusterIdentifier"] == f"ballast-{stack}"
    for switch in ("enableServerSideApply", "enableConfigMapMutable", "enableSecretMutable"):
        assert provider.inputs[switch] == "true"


@pytest.mark.parametrize("stack", STACKS)
def test_every_object_goes_through_the_one_provider(stack: str, recordings: Graphs) -> None:
    kubernetes = [
        made for made in recordings[stack].registrations if made.type.startswith("kubernetes:")
    ]
    assert len({made.provider for made in kubernetes}) == 1
    assert all(made.provider for made in kubernetes)


def test_no_private_key_is_in_clear(recordings: Graphs) -> None:
    for made in recordings["embedded"].registrations:
        assert not any("PRIVATE KEY" in text for text in leaves(made.inputs)), made.name


def test_generated_values_are_secret_and_kept(recordings: Graphs) -> None:
    made = [r for r in recordings["embedded"].registrations if "GeneratedSecret" in r.parent]
    assert len(made) == 8
    for secret in made:
        assert SIGNATURE in secret.inputs["data"]
        assert secret.ignore_changes == ("data", "stringData")


@pytest.mark.parametrize("stack", STACKS)
def test_every_release_is_a_pinned_local_chart_with_a_bounded_history(
    stack: str, recordings: Graphs
) -> None:
    releases = recordings[stack].of_type("kubernetes:helm.sh/v3:Release")
    defining = {"argo-cd-definitions", "prometheus-operator-definitions"}
    assert {made.name for made in releases} == {"dapr", "kyverno", "vault"} | defining
    for made in releases:
        chart = made.inputs["chart"]
        if made.name in defining:
            # The folder is named for the content of the pinned manifest.
            component = made.name.removesuffix("-definitions")
            assert re.fullmatch(
                rf"../.ballast/parsed/{component}-[0-9a-f]{{16}}/definitions", chart
            )
        else:
            assert chart == f"../.ballast/charts/{made.name}"
        assert made.inputs["maxHistory"] == 5


@pytest.mark.parametrize(
    ("component", "kinds"),
    [
        ("argo-cd", {"Application", "ApplicationSet", "AppProject"}),
        ("prometheus-operator", {"Prometheus", "Alertmanager", "PrometheusRule", "PodMonitor"}),
    ],
)
def test_a_manifests_definitions_are_a_chart(
    component: str, kinds: set[str], recordings: Graphs
) -> None:
    releases = recordings["embedded"].of_type("kubernetes:helm.sh/v3:Release")
    (made,) = [each for each in releases if each.name == f"{component}-definitions"]
    chart = repository_root() / "platform" / made.inputs["chart"]
    documents = list(yaml.safe_load_all((chart / "documents.yaml").read_text()))
    assert {document["kind"] for document in documents} == {"CustomResourceDefinition"}
    defined = {document["spec"]["names"]["kind"] for document in documents}
    assert kinds <= defined
    assert defined.isdisjoint({"PrometheusAgent", "ThanosRuler"}), "no component has any of these"


def test_every_type_is_one_that_the_official_plugin_knows(recordings: Graphs) -> None:
    """Custom resources are known by their group alone."""
    known = Path(pulumi_kubernetes.__file__).read_text()
    for made in recordings["embedded"].registrations:
        ours = made.type.startswith(
            ("kubernetes:argoproj.io/", "kubernetes:monitoring.coreos.com/")
        )
        if made.type.startswith("kubernetes:") and not ours:
            assert f'"{made.type}"' in known
            assert made.version == version("pulumi-kubernetes")


def test_definitions_are_not_resources_of_their_own(recordings: Graphs) -> None:
    assert not [r for r in recordings["embedded"].registrations if "CustomResourceDef" in r.type]


@pytest.mark.parametrize("stack", STACKS)
def test_only_pods_in_our_namespaces_are_made(stack: str, recordings: Graphs) -> None:
    known = {made.inputs["metadata"]["name"] for made in namespaces(recordings[stack])}
    for made in recordings[stack].registrations:
        if made.type.startswith("kubernetes:") and "namespace" in metadata(made):
            assert metadata(made)["namespace"] in known, made.name


def namespaces(recording: Any) -> list[Any]:
    return recording.of_type("kubernetes:core/v1:Namespace")


def test_every_namespace_enforces_the_restricted_standard(recordings: Graphs) -> None:
    for made in namespaces(recordings["embedded"]):
        assert metadata(made)["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_environments_are_marked_and_bounded(previewed: Any) -> None:
    marked = {
        metadata(made)["name"]
        for made in namespaces(previewed)
        if names.ENVIRONMENT_LABEL in metadata(made)["labels"]
    }
    assert marked == {"todo-app-dev", "todo-app-staging", "todo-app"}
    for kind in ("ResourceQuota", "LimitRange"):
        bounded = previewed.of_type(f"kubernetes:core/v1:{kind}")
        assert {metadata(made)["namespace"] for made in bounded} == marked


def test_one_application_is_made_and_it_comes_last(recordings: Graphs) -> None:
    made = recordings["embedded"].of_type("kubernetes:argoproj.io/v1alpha1:Application")
    assert [application.name for application in made] == ["argocd/root"]
    needed = "\n".join(made[0].dependencies)
    for before in ("Release::dapr", "Release::kyverno", "argocd/argocd-server", "todo-app-dev"):
        assert before in needed


def test_custom_resources_wait_for_their_definitions(recordings: Graphs) -> None:
    for made in recordings["embedded"].registrations:
        if made.type.startswith("kubernetes:monitoring.coreos.com/"):
            assert any("operator-definitions" in urn for urn in made.dependencies), made.name


def test_workloads_do_not_wait_for_other_components(recordings: Graphs) -> None:
    """The only waiting between components is for namespaces and for values."""
    for made in recordings["embedded"].registrations:
        if made.type in WORKLOADS:
            own = made.parent.rpartition("::")[2]
            for urn in made.dependencies:
                kind, name = urn.rsplit("::", 1)
                if "Namespace" not in kind and not name.startswith(metadata(made)["namespace"]):
                    assert "-definitions" in name or "ClusterRole" in kind, (own, urn)


def test_every_pod_asks_for_no_token_it_does_not_use(recordings: Graphs) -> None:
    for made in recordings["embedded"].registrations:
        ours = metadata(made).get("labels", {}).get("app.kubernetes.io/part-of") == "ballast"
        if made.type in WORKLOADS and ours:
            assert made.inputs["spec"]["template"]["spec"]["automountServiceAccountToken"] is False


def test_requests_fit_the_small_node(recordings: Graphs, unwrapped: Callable[[Any], Any]) -> None:
    """Two cores and 5 GiB must hold the platform's own requests with room for two environments."""
    total = [0.0, 0.0]
    for pod in pods(recordings["embedded"], unwrapped):
        for container in pod["containers"]:
            wanted = container["resources"]["requests"]
            total[0] += millicores(wanted["cpu"])
            total[1] += mebibytes(wanted["memory"])
    assert total[0] <= 800
    assert total[1] <= 2048


def pods(recording: Any, plain: Callable[[Any], Any]) -> Iterator[dict[str, Any]]:
    for made in recording.registrations:
        if made.type in WORKLOADS:
            yield plain(made.inputs)["spec"]["template"]["spec"]


def millicores(text: str) -> float:
    return float(text[:-1]) if text.endswith("m") else float(text) * 1000


def mebibytes(text: str) -> float:
    return float(text[:-2]) * (1024 if text.endswith("Gi") else 1)


def test_the_program_previews_on_a_cluster_that_does_not_exist_yet(previewed: Any) -> None:
    assert len(previewed.of_type("kubernetes:core/v1:Namespace")) == 11


def test_the_plan_of_vault_names_every_service_of_every_environment(recordings: Graphs) -> None:
    [plan] = [
        made
        for made in recordings["embedded"].of_type("kubernetes:core/v1:ConfigMap")
        if made.name == "vault/vault-custodian-plan"
    ]
    roles = json.loads(plan.inputs["data"]["plan.json"])["roles"]
    assert roles == [
        f"{prefix}-{environment}"
        for environment in ("dev", "staging")
        for prefix in ("tasks", "scheduler", "notifications", "analytics")
    ]
