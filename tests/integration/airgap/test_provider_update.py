"""Diff and Update of the engine, over gRPC, against a real API server."""

from typing import Any

import grpc
import pytest
from provider_inputs import CLAIM, config_map, made
from provider_process import CONFIG_MAP, Provider

from ballast.kubeapi import KubeApi


def test_diff_of_equal_inputs_is_nothing(provider: Provider) -> None:
    inputs = config_map("a", {"x": "1"})
    assert provider.diff(CONFIG_MAP, "a/settings", inputs, inputs).changes == 1


def test_diff_replaces_config_map_data_by_default(provider: Provider) -> None:
    answer = provider.diff(
        CONFIG_MAP, "a/settings", config_map("a", {"x": "1"}), config_map("a", {"x": "2"})
    )
    assert list(answer.replaces) == ["data"]
    assert answer.deleteBeforeReplace


def test_diff_updates_config_map_data_when_told(mutable_provider: Provider) -> None:
    answer = mutable_provider.diff(
        CONFIG_MAP, "a/settings", config_map("a", {"x": "1"}), config_map("a", {"x": "2"})
    )
    assert (list(answer.diffs), list(answer.replaces)) == (["data"], [])


def test_diff_never_replaces_a_claim(provider: Provider) -> None:
    def claim(name: str) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": "a"},
        }

    with pytest.raises(grpc.RpcError) as caught:
        provider.diff(CLAIM, "a/data", claim("data"), claim("other"))
    assert "destroy what it holds" in caught.value.details()


def test_update_in_place(mutable_provider: Provider, namespace: str, api: KubeApi) -> None:
    identifier, checked, state = made(
        mutable_provider, CONFIG_MAP, config_map(namespace, {"a": "1", "b": "1"})
    )
    checked["data"] = {"a": "2"}
    mutable_provider.update(CONFIG_MAP, identifier, state, checked)
    live = api.get("v1", "ConfigMap", "settings", namespace)
    assert live is not None
    assert live["data"] == {"a": "2"}


def test_update_of_an_immutable_field_is_refused_and_harms_nothing(
    provider: Provider, namespace: str, api: KubeApi
) -> None:
    inputs = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": "data",
            "namespace": namespace,
            "annotations": {"pulumi.com/skipAwait": "true"},
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "2Gi"}},
        },
    }
    identifier, checked, state = made(provider, CLAIM, inputs)
    checked["spec"]["resources"]["requests"]["storage"] = "1Gi"
    assert not provider.diff(CLAIM, identifier, inputs, checked).replaces
    with pytest.raises(grpc.RpcError) as caught:
        provider.update(CLAIM, identifier, state, checked)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    live = api.get("v1", "PersistentVolumeClaim", "data", namespace)
    assert live is not None
    assert live["metadata"]["uid"] == state["metadata"]["uid"]


def test_update_stops_at_fields_of_another_manager(
    mutable_provider: Provider, namespace: str, api: KubeApi
) -> None:
    identifier, checked, state = made(
        mutable_provider, CONFIG_MAP, config_map(namespace, {"a": "1"})
    )
    api.apply(config_map(namespace, {"a": "by hand"}), "kubectl", force=True)
    checked["data"] = {"a": "2"}
    with pytest.raises(grpc.RpcError) as caught:
        mutable_provider.update(CONFIG_MAP, identifier, state, checked)
    assert "pulumi.com/patchForce" in caught.value.details()
    checked["metadata"]["annotations"] = {"pulumi.com/patchForce": "true"}
    assert mutable_provider.update(CONFIG_MAP, identifier, state, checked)["data"] == {"a": "2"}
