"""What is written to the state."""

import json
from typing import Any

from ballast.airgap.state import outputs_of, predicted_outputs, recorded_object
from ballast.airgap.values import SECRET, UNKNOWN, secret, signature


def test_a_copy_of_a_secret_in_an_annotation_is_secret_too() -> None:
    key = "kubectl.kubernetes.io/last-applied-configuration"
    live = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"annotations": {key: "copy"}, "managedFields": []},
        "data": {"a": "YQ=="},
    }
    state = outputs_of(live, {"apiVersion": "v1", "kind": "Secret"}, "me")
    assert state["metadata"] == {"annotations": {key: secret("copy")}}
    assert signature(state["data"]) == SECRET


def test_private_fields_are_not_part_of_the_recorded_object() -> None:
    live = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    assert recorded_object(outputs_of(live, live, "me")) == live


def test_inputs_kept_in_the_state_keep_their_secret_marks() -> None:
    inputs = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": secret("hidden")}}
    live = {**inputs, "data": {"a": "hidden"}}
    state = outputs_of(live, inputs, "me")
    assert json.dumps(state).count("hidden") == json.dumps(state).count(SECRET)


def test_a_prediction_leaves_to_the_run_what_only_it_decides() -> None:
    service: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a"},
        "spec": {"ports": [{"port": 80}]},
    }
    guess = predicted_outputs(service, service)
    assert guess["status"] == UNKNOWN
    assert guess["spec"]["clusterIP"] == UNKNOWN
    assert guess["metadata"]["uid"] == UNKNOWN
    assert "nodePort" not in guess["spec"]["ports"][0]
