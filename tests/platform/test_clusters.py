"""What each kind of cluster must and must not have, beyond the platform that is the same on all."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

Graphs = Mapping[str, Any]


def one(recording: Any, type_: str) -> Any:
    [made] = recording.of_type(type_)
    return made


def kubeconfig(recording: Any, plain: Callable[[Any], Any]) -> dict[str, Any]:
    provider = one(recording, "pulumi:providers:kubernetes")
    return json.loads(plain(provider.inputs["kubeconfig"]))


@pytest.mark.parametrize(
    ("stack", "type_"),
    [
        ("doks", "digitalocean:index/kubernetesCluster:KubernetesCluster"),
        ("gke", "gcp:container/cluster:Cluster"),
        ("aks", "azure-native:containerservice:ManagedCluster"),
    ],
)
def test_a_managed_cluster_is_protected(stack: str, type_: str, recordings: Graphs) -> None:
    assert one(recordings[stack], type_).protect


@pytest.mark.parametrize(
    ("stack", "command"),
    [("doks", "doctl"), ("gke", "gke-gcloud-auth-plugin"), ("aks", "kubelogin")],
)
def test_a_managed_cluster_is_reached_without_a_stored_token(
    stack: str, command: str, recordings: Graphs, unwrapped: Callable[[Any], Any]
) -> None:
    [user] = kubeconfig(recordings[stack], unwrapped)["users"]
    assert set(user["user"]) == {"exec"}
    assert user["user"]["exec"]["command"] == command


def test_gke_is_private_regional_and_hard_to_delete(recordings: Graphs) -> None:
    cluster = one(recordings["gke"], "gcp:container/cluster:Cluster").inputs
    assert cluster["deletionProtection"] is True
    assert cluster["location"] == "europe-west3"
    assert cluster["privateClusterConfig"]["enablePrivateNodes"] is True
    assert cluster["controlPlaneEndpointsConfig"]["ipEndpointsConfig"]["enabled"] is False
    assert "enableAutopilot" not in cluster
    pool = one(recordings["gke"], "gcp:container/nodePool:NodePool").inputs
    assert "initialNodeCount" not in pool


def test_doks_leaves_node_count_and_version_to_their_owners(recordings: Graphs) -> None:
    cluster = one(recordings["doks"], "digitalocean:index/kubernetesCluster:KubernetesCluster")
    assert set(cluster.ignore_changes) == {"nodePool.nodeCount", "version"}
    assert cluster.inputs["ha"] is True
    assert cluster.inputs["controlPlaneFirewall"]["allowedAddresses"] == ["203.0.113.0/24"]


def test_aks_signs_in_through_entra_only(recordings: Graphs) -> None:
    cluster = one(recordings["aks"], "azure-native:containerservice:ManagedCluster").inputs
    assert cluster["disableLocalAccounts"] is True
    assert cluster["networkProfile"]["networkDataplane"] == "cilium"
    assert cluster["agentPoolProfiles"][0]["availabilityZones"] == ["1", "2", "3"]


def test_minikube_is_deleted_before_it_is_replaced_and_keeps_to_its_own_kubeconfig(
    recordings: Graphs,
) -> None:
    command = one(recordings["minikube"], "command:local:Command")
    assert command.options["deleteBeforeReplace"]
    assert command.inputs["delete"] == "minikube delete -p ballast"
    assert "update" not in command.inputs
    assert command.inputs["environment"] == {"KUBECONFIG": "../.ballast/minikube.kubeconfig"}
    assert not command.protect


def test_the_embedded_stack_makes_no_cluster(recordings: Graphs) -> None:
    assert recordings["embedded"].of_type("ballast:platform:Cluster") == []
