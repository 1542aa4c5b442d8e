"""The outputs written to the state: the live object, with every secret marked."""

import copy

from ballast.airgap.objects import (
    DEFINITION,
    LAST_APPLIED,
    SERVER_METADATA,
    group_kind,
    is_core_secret,
    metadata,
)
from ballast.airgap.values import UNKNOWN, contains_secret, mask, plain_bag, secret
from ballast.kubeapi.shape import Json, mapping, mappings

FIELD_MANAGER = "__fieldManager"
INITIAL_VERSION = "__initialApiVersion"
INPUTS = "__inputs"
PRIVATE = (FIELD_MANAGER, INITIAL_VERSION, INPUTS)


def outputs_of(live: Json, inputs: Json, manager: str) -> Json:
    """State of a live object; the three private fields are those the official plugin reads."""
    state = copy.deepcopy(live)
    metadata(state).pop("managedFields", None)
    state = mapping(mask(state, inputs))
    if is_core_secret(live):
        if state.get("data") is not None:
            state["data"] = secret(state["data"])
        if inputs.get("stringData") is not None:
            state["stringData"] = secret(inputs["stringData"])
    if is_core_secret(live) or contains_secret(inputs):
        annotations = mapping(metadata(state).get("annotations"))
        if LAST_APPLIED in annotations:  # a copy of the whole object in one string
            annotations[LAST_APPLIED] = secret(annotations[LAST_APPLIED])
    state[FIELD_MANAGER] = manager
    state[INITIAL_VERSION] = plain_bag(inputs).get("apiVersion") or live.get("apiVersion")
    if group_kind(live) != DEFINITION:
        # A definition's schema would be written a third time, and the engine reads and writes the
        # whole state often. The official plugin, finding none, applies the same object once more.
        state[INPUTS] = inputs
    return state


def recorded_object(state: Json) -> Json:
    """The object as it was when the state was written, from plain outputs."""
    return {name: item for name, item in state.items() if name not in PRIVATE}


def predicted_outputs(obj: Json, inputs: Json) -> Json:
    """Outputs to show in a preview; what only the real run decides is unknown, not absent.

    The engine keeps unknown what it is told is unknown at the top level only; below it a missing
    output would read as None in the program.
    """
    guess, declared = copy.deepcopy(obj), plain_bag(inputs)
    guess.pop("status", None)
    about = guess.setdefault("metadata", {})
    if isinstance(about, dict):
        for name in SERVER_METADATA:
            metadata(guess).pop(name, None)
        for name in ("uid", "resourceVersion", "creationTimestamp", "generation"):
            metadata(guess)[name] = UNKNOWN
    if guess.get("kind") == "Service" and guess.get("apiVersion") == "v1":
        _forget_addresses(guess, declared)
    if is_core_secret(guess) and "data" not in guess and "stringData" in declared:
        guess["data"] = UNKNOWN
    return {**outputs_of(guess, inputs, UNKNOWN), "status": UNKNOWN}


def _forget_addresses(guess: Json, declared: Json) -> None:
    spec, wanted = mapping(guess.get("spec")), mapping(declared.get("spec"))
    for name in ("clusterIP", "clusterIPs"):
        if name not in wanted and spec.get("type") != "ExternalName":
            spec[name] = UNKNOWN
    asked = mappings(wanted.get("ports"))
    for at, port in enumerate(mappings(spec.get("ports"))):
        named = at < len(asked) and "nodePort" in asked[at]
        if not named and ("nodePort" in port or spec.get("type") in {"NodePort", "LoadBalancer"}):
            port["nodePort"] = UNKNOWN
