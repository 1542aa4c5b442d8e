"""Check and Create of the engine, over gRPC, against a real API server."""

import base64
import json
from typing import Any

import grpc
import pytest
from provider_inputs import DEPLOYMENT, PASSWORD, SECRET, config_map, deployment, made
from provider_process import CONFIG_MAP, Provider, init_failure

from ballast.airgap.values import SIGNATURE, UNKNOWN, plain, secret
from ballast.gate.eventually import eventually
from ballast.kubeapi import KubeApi


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
    assert eventually(lambda: api.list("v1", "Pod", namespace) != [], 60)
    pod = api.list("v1", "Pod", namespace)[0]
    _say_image_is_missing(api, pod)
    with pytest.raises(grpc.RpcError) as caught:
        provider.create(DEPLOYMENT, checked, timeout=1)
    reasons = "\n".join(init_failure(caught.value).reasons)
    assert "ImagePullBackOff" in reasons
    assert "no such host" in reasons


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
