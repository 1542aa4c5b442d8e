"""What a refresh calls drift."""

import base64
from typing import Any

from ballast.airgap.projection import imported_inputs, refreshed_inputs
from ballast.airgap.values import plain, secret


def config(data: Any, **more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a"},
        "data": data,
        **more,
    }


def test_fields_the_server_fills_in_are_no_drift() -> None:
    inputs = {"spec": {"ports": [{"port": 80}]}}
    live = {"spec": {"ports": [{"port": 80, "protocol": "TCP"}], "type": "ClusterIP"}}
    assert refreshed_inputs(inputs, live, live) == inputs


def test_a_value_the_server_rewrites_is_no_drift() -> None:
    live = {"spec": {"cpu": "1"}}
    assert refreshed_inputs({"spec": {"cpu": "1000m"}}, live, live) == {"spec": {"cpu": "1000m"}}


def test_a_manual_edit_is_drift() -> None:
    found = refreshed_inputs(config({"a": "1"}), config({"a": "2"}), config({"a": "1"}))
    assert found["data"] == {"a": "2"}


def test_a_manual_removal_is_drift() -> None:
    found = refreshed_inputs(
        config({"a": "1", "b": "1"}), config({"a": "1"}), config({"a": "1", "b": "1"})
    )
    assert found["data"] == {"a": "1"}


def test_an_empty_list_the_server_drops_is_no_drift() -> None:
    inputs = config({}, binaryData={})
    recorded = config({})
    live = config({}, metadata={"name": "a", "resourceVersion": "2"})
    assert refreshed_inputs(inputs, live, recorded)["binaryData"] == {}


def test_a_secret_stays_secret_after_drift() -> None:
    found = refreshed_inputs(config({"a": secret("1")}), config({"a": "2"}), config({"a": "1"}))
    assert found["data"]["a"] == secret("2")


def test_a_list_that_changed_length_hides_its_secrets() -> None:
    inputs = {"env": [secret("x")]}
    found = refreshed_inputs(inputs, {"env": ["y", "x"]}, {"env": ["x"]})
    assert found["env"] == secret(["y", "x"])


def test_string_data_is_compared_decoded() -> None:
    def live(text: str) -> dict[str, Any]:
        data = {"p": base64.b64encode(text.encode()).decode()}
        return {"apiVersion": "v1", "kind": "Secret", "data": data}

    inputs = {"apiVersion": "v1", "kind": "Secret", "stringData": secret({"p": "old"})}
    assert refreshed_inputs(inputs, live("old"), live("old")) == inputs
    assert plain(refreshed_inputs(inputs, live("new"), live("old")))["stringData"] == {"p": "new"}


def test_import_prefers_what_kubectl_applied() -> None:
    applied = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}'
    key = "kubectl.kubernetes.io/last-applied-configuration"
    live = config({}, metadata={"name": "a", "annotations": {key: applied}, "uid": "1"})
    assert imported_inputs(live) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a"},
    }
