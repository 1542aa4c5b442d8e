"""The five stacks stand the same platform on their clusters, but for a reviewed list."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

REFERENCE = "embedded"
SIGNATURE = "4dabf18193072939515e22adb298388d"
ALLOWED: list[dict[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "parity_allowlist.yaml").read_text()
)
Graph = Mapping[tuple[str, str], Any]


def without_stack(text: str) -> str:
    return re.sub(r"urn:pulumi:[^:]+::ballast::(pulumi:pulumi:Stack(::.*|\$))?", "", text)


def mask_secrets(value: Any) -> Any:
    """Secrets differ by nature; their keys do not."""
    if isinstance(value, dict):
        if SIGNATURE in value:
            hidden = value.get("value")
            return dict.fromkeys(hidden, "secret") if isinstance(hidden, dict) else "secret"
        return {key: mask_secrets(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [mask_secrets(inner) for inner in value]
    return value


def flatten(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Leaves of a nested value by path, such as spec.ports[0].port."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from flatten(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from flatten(inner, f"{path}[{index}]")
    else:
        yield path, value


def graph(recording: Any) -> Graph:
    """Every registration of the platform as leaves."""
    leaves: dict[tuple[str, str], Any] = {}
    for made in recording.platform():
        resource = f"{made.type} {made.name}"
        for path, value in flatten(mask_secrets(made.inputs)):
            leaves[resource, path] = value
        leaves[resource, "(parent)"] = without_stack(made.parent)
        leaves[resource, "(provider)"] = without_stack(made.provider).rpartition("::")[0]
        leaves[resource, "(version)"] = made.version
        leaves[resource, "(protect)"] = made.protect
        leaves[resource, "(ignores)"] = made.ignore_changes
        leaves[resource, "(needs)"] = tuple(sorted(map(without_stack, made.dependencies)))
    return leaves


def differences(left: Graph, right: Graph) -> set[tuple[str, str]]:
    absent = object()
    return {
        key for key in left.keys() | right.keys() if left.get(key, absent) != right.get(key, absent)
    }


def is_allowed(key: tuple[str, str], entry: dict[str, str]) -> bool:
    return fnmatchcase(key[0], entry["resource"]) and fnmatchcase(key[1], entry["path"])


@pytest.fixture(scope="module")
def graphs(recordings: Mapping[str, Any]) -> dict[str, Graph]:
    """The five graphs."""
    return {stack: graph(recording) for stack, recording in recordings.items()}


@pytest.mark.parametrize("stack", ["minikube", "doks", "gke", "aks"])
def test_a_stack_differs_from_the_embedded_one_only_where_it_is_allowed(
    stack: str, graphs: Mapping[str, Graph]
) -> None:
    found = differences(graphs[REFERENCE], graphs[stack])
    surprising = sorted(
        key for key in found if not any(is_allowed(key, entry) for entry in ALLOWED)
    )
    assert surprising == []


def test_every_allowed_difference_is_still_one(graphs: Mapping[str, Graph]) -> None:
    found = {key for graph in graphs.values() for key in differences(graphs[REFERENCE], graph)}
    stale = [entry for entry in ALLOWED if not any(is_allowed(key, entry) for key in found)]
    assert stale == []


def test_every_allowed_difference_gives_its_reason() -> None:
    assert [entry for entry in ALLOWED if len(entry.get("reason", "")) < 15] == []


def test_a_hidden_difference_is_found(graphs: Mapping[str, Graph]) -> None:
    changed = dict(graphs["gke"])
    changed["kubernetes:helm.sh/v3:Release dapr", "values.global.mtls.enabled"] = False
    surprising = [
        key
        for key in differences(graphs[REFERENCE], changed)
        if not any(is_allowed(key, entry) for entry in ALLOWED)
    ]
    assert surprising == [("kubernetes:helm.sh/v3:Release dapr", "values.global.mtls.enabled")]
