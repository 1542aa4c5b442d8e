"""Read, Delete and Invoke of the engine, over gRPC, against a real API server."""

from typing import Any

import grpc
import pytest
from provider_inputs import DEPLOYMENT, config_map, deployment, made
from provider_process import CONFIG_MAP, Provider

from ballast.airgap.deep_messages import allow
from ballast.airgap.values import decode, plain
from ballast.kubeapi import KubeApi


def test_plugin_info_is_the_sdk_version_marked_offline(provider: Provider) -> None:
    assert provider.plugin_info().version.endswith("+ballast.offline")


def test_read_without_a_manual_edit_shows_no_drift(provider: Provider, namespace: str) -> None:
    inputs = deployment(namespace)
    inputs["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    inputs["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1000m"}}
    identifier, checked, state = made(provider, DEPLOYMENT, inputs)
    answer = provider.read(DEPLOYMENT, identifier, checked, state)
    assert plain(_decoded(answer.inputs)) == plain(checked)


def test_read_shows_a_manual_edit(provider: Provider, namespace: str, api: KubeApi) -> None:
    identifier, checked, state = made(provider, CONFIG_MAP, config_map(namespace, {"a": "1"}))
    api.patch("v1", "ConfigMap", "settings", namespace, {"data": {"a": "by hand"}})
    answer = provider.read(CONFIG_MAP, identifier, checked, state)
    assert _decoded(answer.inputs)["data"] == {"a": "by hand"}


def test_read_of_a_deleted_object_is_empty(provider: Provider, namespace: str) -> None:
    answer = provider.read(CONFIG_MAP, f"{namespace}/gone", config_map(namespace, {}), {})
    assert answer.id == ""


def test_read_for_an_import_leaves_server_fields_out(
    provider: Provider, namespace: str, api: KubeApi
) -> None:
    api.apply(config_map(namespace, {"a": "1"}), "somebody")
    answer = provider.read(CONFIG_MAP, f"{namespace}/settings", {}, {})
    assert _decoded(answer.inputs) == config_map(namespace, {"a": "1"})


def test_delete_waits_until_the_object_is_gone(
    provider: Provider, namespace: str, api: KubeApi
) -> None:
    identifier, checked, state = made(provider, CONFIG_MAP, config_map(namespace, {"a": "1"}))
    provider.delete(CONFIG_MAP, identifier, state, checked, 20)
    assert api.get("v1", "ConfigMap", "settings", namespace) is None
    provider.delete(CONFIG_MAP, identifier, state, checked, 20)


def test_delete_names_the_finalizer_that_holds_an_object(
    provider: Provider, namespace: str, api: KubeApi
) -> None:
    inputs = config_map(namespace, {"a": "1"})
    inputs["metadata"]["finalizers"] = ["example.com/hold"]
    identifier, checked, state = made(provider, CONFIG_MAP, inputs)
    with pytest.raises(grpc.RpcError) as caught:
        provider.delete(CONFIG_MAP, identifier, state, checked, 1)
    assert "example.com/hold" in caught.value.details()
    api.patch("v1", "ConfigMap", "settings", namespace, {"metadata": {"finalizers": None}})


def test_definition_and_its_resource_one_after_the_other(
    provider: Provider, namespace: str
) -> None:
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "gadgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": "Gadget", "plural": "gadgets"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "x-kubernetes-preserve-unknown-fields": True,
                        }
                    },
                }
            ],
        },
    }
    made(provider, "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", definition)
    gadget = {
        "apiVersion": "example.com/v1",
        "kind": "Gadget",
        "metadata": {"name": "g", "namespace": namespace},
        "spec": {"size": 3},
    }
    identifier, _, state = made(provider, "kubernetes:example.com/v1:Gadget", gadget)
    assert identifier == f"{namespace}/g"
    assert state["spec"] == {"size": 3}


def test_deeply_nested_objects_pass(provider: Provider, namespace: str) -> None:
    deep: Any = "bottom"
    for _ in range(200):
        deep = {"a": deep}
    inputs = {**config_map(namespace, {"a": "1"}), "kind": "Deep", "spec": deep}
    allow()
    assert provider.checked("kubernetes:example.com/v1:Deep", inputs)["spec"] == deep


def test_yaml_decode(provider: Provider) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {day: 2024-01-02}\n---\n"
    result = provider.invoke("kubernetes:yaml:decode", {"text": text})["result"]
    assert result[0]["data"] == {"day": "2024-01-02"}


def test_an_unknown_function_is_refused(provider: Provider) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        provider.invoke("kubernetes:kustomize:directory", {"directory": "x"})
    assert "kustomize:directory" in caught.value.details()


def _decoded(bag: Any) -> Any:
    return decode(bag)
