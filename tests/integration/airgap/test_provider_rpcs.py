"""Each call of the engine, over gRPC, against a real API server."""

import base64
import json
from typing import Any

import grpc
import pytest
from provider_process import CONFIG_MAP, Provider, init_failure

from ballast.airgap.deep_messages import allow
from ballast.airgap.values import SIGNATURE, UNKNOWN, decode, plain, secret
from ballast.kubeapi import KubeApi

SECRET = "kubernetes:core/v1:Secret"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
PASSWORD = "correct horse battery staple"


def config_map(namespace: str, data: dict[str, Any], name: str = "settings") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": data,
    }


def deployment(namespace: str) -> dict[str, Any]:
    labels = {"app": "web"}
    pod = {"containers": [{"name": "web", "image": "registry.invalid/web:1"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def made(provider: Provider, token: str, inputs: Any, **options: Any) -> tuple[str, Any, Any]:
    checked = provider.checked(token, inputs)
    identifier, state = provider.create(token, checked, **options)
    return identifier, checked, state


def test_plugin_info_is_the_sdk_version_marked_offline(provider: Provider) -> None:
    assert provider.plugin_info().version.endswith("+ballast.offline")


def test_check_fills_in_name_and_namespace(provider: Provider) -> None:
    inputs = provider.checked(CONFIG_MAP, {"apiVersion": "v1", "kind": "ConfigMap"})
    assert inputs["metadata"]["name"].startswith("it-")
    assert inputs["metadata"]["namespace"] == "default"


def test_check_keeps_an_automatic_name(provider: Provider) -> None:
    bare = {"apiVersion": "v1", "kind": "ConfigMap"}
    first = provider.checked(CONFIG_MAP, bare)
    again = provider.check(CONFIG_MAP, bare, olds=first)
    assert again.inputs["metadata"]["name"] == first["metadata"]["name"]


def test_check_gives_cluster_wide_objects_no_namespace(provider: Provider) -> None:
    token = "kubernetes:core/v1:Namespace"
    inputs = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}}
    assert provider.checked(token, inputs) == inputs


@pytest.mark.parametrize(
    ("token", "inputs", "word"),
    [
        ("kubernetes:core/v1:ConfigMapPatch", {"apiVersion": "v1", "kind": "ConfigMap"}, "patch"),
        (
            "kubernetes:core/v1:ConfigMapList",
            {"apiVersion": "v1", "kind": "ConfigMapList", "items": []},
            "lists",
        ),
        (CONFIG_MAP, {"apiVersion": "v1"}, "required"),
    ],
)
def test_check_refuses_what_it_cannot_do(
    provider: Provider, token: str, inputs: Any, word: str
) -> None:
    failures = provider.check(token, inputs).failures
    assert word in failures[0].reason


def test_create_returns_the_live_object(provider: Provider, namespace: str, api: KubeApi) -> None:
    identifier, _, state = made(provider, CONFIG_MAP, config_map(namespace, {"a": "1"}))
    live = api.get("v1", "ConfigMap", "settings", namespace)
    assert live is not None
    assert identifier == f"{namespace}/settings"
    assert state["metadata"]["uid"] == live["metadata"]["uid"]


def test_create_does_not_adopt_what_others_made(
    provider: Provider, namespace: str, api: KubeApi
) -> None:
    api.apply(config_map(namespace, {"a": "1"}), "somebody")
    with pytest.raises(grpc.RpcError) as caught:
        made(provider, CONFIG_MAP, config_map(namespace, {"a": "2"}))
    assert caught.value.code() == grpc.StatusCode.ALREADY_EXISTS
    assert "import" in caught.value.details()


def test_create_goes_on_after_an_interrupted_create(provider: Provider, namespace: str) -> None:
    _, _, first = made(provider, CONFIG_MAP, config_map(namespace, {"a": "1"}))
    _, _, second = made(provider, CONFIG_MAP, config_map(namespace, {"a": "1"}))
    assert second["metadata"]["uid"] == first["metadata"]["uid"]


def test_preview_of_a_create_changes_nothing(
    provider: Provider, namespace: str, api: KubeApi
) -> None:
    identifier, _, state = made(
        provider, CONFIG_MAP, config_map(namespace, {"a": "1"}), preview=True
    )
    assert identifier == f"{namespace}/settings"
    assert state["metadata"]["uid"] == UNKNOWN
    assert api.get("v1", "ConfigMap", "settings", namespace) is None


def test_preview_with_an_unknown_value_asks_no_cluster(provider: Provider, namespace: str) -> None:
    _, _, state = made(provider, CONFIG_MAP, config_map(namespace, {"a": UNKNOWN}), preview=True)
    assert state["data"]["a"] == UNKNOWN


def test_preview_in_a_namespace_of_the_same_run(provider: Provider) -> None:
    inputs = config_map("comes-in-this-run", {"a": "1"})
    identifier, _, state = made(provider, CONFIG_MAP, inputs, preview=True)
    assert identifier == "comes-in-this-run/settings"
    assert state["data"] == {"a": "1"}


def test_preview_of_a_service_leaves_its_address_open(provider: Provider, namespace: str) -> None:
    inputs = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80}]},
    }
    _, _, state = made(provider, "kubernetes:core/v1:Service", inputs, preview=True)
    assert state["spec"]["clusterIP"] == UNKNOWN
    assert state["spec"]["ports"][0]["nodePort"] == UNKNOWN
    assert state["spec"]["ports"][0]["port"] == 80


def test_create_waits_for_the_namespace(provider: Provider, api: KubeApi) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        made(provider, CONFIG_MAP, config_map("never-comes", {"a": "1"}), timeout=2)
    assert "never-comes" in caught.value.details()


def test_create_names_the_missing_definition(provider: Provider, namespace: str) -> None:
    inputs = {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "w", "namespace": namespace},
    }
    with pytest.raises(grpc.RpcError) as caught:
        made(provider, "kubernetes:example.com/v1:Widget", inputs, timeout=1)
    assert "CustomResourceDefinition" in caught.value.details()
    assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION


def test_an_invalid_field_is_named(provider: Provider, namespace: str) -> None:
    broken = deployment(namespace)
    broken["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    with pytest.raises(grpc.RpcError) as caught:
        made(provider, DEPLOYMENT, broken)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "selector" in caught.value.details()


def test_secret_state_is_marked_secret(provider: Provider, namespace: str) -> None:
    inputs = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "login", "namespace": namespace},
        "stringData": {"password": PASSWORD},
    }
    _, checked, state = made(provider, SECRET, inputs)
    for name in ("data", "stringData"):
        assert SIGNATURE in state[name]
    assert SIGNATURE in checked["stringData"]
    shown = json.dumps(_without_secrets(state))
    assert PASSWORD not in shown
    assert base64.b64encode(PASSWORD.encode()).decode() not in shown


def test_a_secret_input_is_secret_in_the_output(provider: Provider, namespace: str) -> None:
    inputs = config_map(namespace, {"dsn": secret(PASSWORD), "open": "yes"})
    _, _, state = made(provider, CONFIG_MAP, inputs)
    assert state["data"]["open"] == "yes"
    assert PASSWORD not in json.dumps(_without_secrets(state))
    assert plain(state["data"]["dsn"]) == PASSWORD


def test_a_workload_that_never_starts_is_kept_with_reasons(
    provider: Provider, namespace: str
) -> None:
    checked = provider.checked(DEPLOYMENT, deployment(namespace))
    with pytest.raises(grpc.RpcError) as caught:
        provider.create(DEPLOYMENT, checked, timeout=3)
    detail = init_failure(caught.value)
    assert detail.id == f"{namespace}/web"
    assert "0 of 1 replicas available" in detail.reasons[0]
    assert detail.properties["metadata"]["uid"]


def test_reasons_carry_pod_events_and_states(
    provider: Provider, namespace: str, api: KubeApi
) -> None:
    checked = provider.checked(DEPLOYMENT, deployment(namespace))
    with pytest.raises(grpc.RpcError):
        provider.create(DEPLOYMENT, checked, timeout=2)
    pod = api.list("v1", "Pod", namespace)[0]
    _say_image_is_missing(api, pod)
    with pytest.raises(grpc.RpcError) as caught:
        provider.create(DEPLOYMENT, checked, timeout=1)
    reasons = "\n".join(init_failure(caught.value).reasons)
    assert "ImagePullBackOff" in reasons
    assert "no such host" in reasons


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


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        if SIGNATURE in value:
            return "[secret]"
        return {name: _without_secrets(item) for name, item in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


def _say_image_is_missing(api: KubeApi, pod: Any) -> None:
    """What a kubelet would report; there is none in this control plane."""
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    waiting = {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}
    status = {"name": "web", "ready": False, "restartCount": 0, "image": "", "imageID": ""}
    body = {"status": {"containerStatuses": [{**status, "state": {"waiting": waiting}}]}}
    path = api.path("v1", "Pod", name, namespace)
    api.request("PATCH", f"{path}/status", body, "application/merge-patch+json")
    api.create(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{name}.1", "namespace": namespace},
            "type": "Warning",
            "reason": "Failed",
            "message": "dial tcp: lookup registry.invalid: no such host",
            "involvedObject": {
                "kind": "Pod",
                "name": name,
                "namespace": namespace,
                "uid": pod["metadata"]["uid"],
            },
        }
    )
