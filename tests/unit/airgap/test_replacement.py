"""The allow-list of what may be replaced."""

from typing import Any

import pytest

from ballast.airgap.replacement import (
    IMMUTABLE,
    NEVER_REPLACED,
    Mutability,
    needs_replacement,
    why_never,
)

STRICT = Mutability()
LENIENT = Mutability(config_map=True, secret=True)


def kind(api_version: str, name: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": name, **more}


@pytest.mark.parametrize(
    ("obj", "path", "replaced"),
    [
        (kind("apps/v1", "Deployment"), ("spec", "selector", "matchLabels", "app"), True),
        (kind("apps/v1", "Deployment"), ("spec", "replicas"), False),
        (kind("apps/v1", "Deployment"), ("spec", "template", "spec"), False),
        (kind("apps/v1", "StatefulSet"), ("spec", "serviceName"), True),
        (kind("apps/v1", "StatefulSet"), ("spec", "volumeClaimTemplates", 0, "spec"), True),
        (kind("apps/v1", "StatefulSet"), ("spec", "template", "metadata"), False),
        (kind("batch/v1", "Job"), ("spec", "template", "spec", "containers", 0, "image"), True),
        (kind("batch/v1", "Job"), ("spec", "suspend"), False),
        (kind("v1", "Service"), ("spec", "clusterIP"), True),
        (kind("v1", "Service"), ("spec", "ports", 0, "port"), False),
        (kind("v1", "Service"), ("spec",), True),
        (kind("v1", "Secret"), ("type",), True),
        (kind("v1", "Pod"), ("spec", "containers", 0, "image"), False),
        (kind("v1", "Pod"), ("spec", "containers", 0, "env"), True),
        (kind("v1", "Pod"), ("spec", "tolerations", 0), False),
        (kind("v1", "Pod"), ("metadata", "labels"), False),
        (kind("rbac.authorization.k8s.io/v1", "RoleBinding"), ("roleRef", "name"), True),
        (kind("rbac.authorization.k8s.io/v1", "RoleBinding"), ("subjects", 0), False),
        (kind("storage.k8s.io/v1", "StorageClass"), ("parameters", "x"), True),
        (kind("storage.k8s.io/v1", "StorageClass"), ("allowVolumeExpansion",), False),
        (kind("v1", "PersistentVolumeClaim"), ("spec", "resources"), False),
        (kind("v1", "PersistentVolumeClaim"), ("spec", "storageClassName"), False),
        (kind("example.com/v1", "Deployment"), ("spec", "selector"), False),
        (kind("v1", "ConfigMap"), ("data", "a"), True),
        (kind("v1", "ConfigMap"), ("metadata", "labels"), False),
        (kind("v1", "Secret"), ("stringData",), True),
    ],
)
def test_table(obj: dict[str, Any], path: tuple[Any, ...], replaced: bool) -> None:
    assert needs_replacement(obj, path, STRICT) is replaced


def test_contents_are_mutable_when_told() -> None:
    assert not needs_replacement(kind("v1", "ConfigMap"), ("data", "a"), LENIENT)
    assert not needs_replacement(kind("v1", "Secret"), ("stringData", "a"), LENIENT)


def test_contents_of_an_immutable_config_map_are_replaced_even_so() -> None:
    frozen = kind("v1", "ConfigMap", immutable=True)
    assert needs_replacement(frozen, ("data", "a"), LENIENT)
    assert needs_replacement(frozen, ("immutable",), LENIENT)


@pytest.mark.parametrize(
    "obj",
    [
        kind("v1", "Namespace"),
        kind("v1", "PersistentVolume"),
        kind("v1", "PersistentVolumeClaim"),
        kind("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ],
)
def test_what_holds_data_is_never_replaced(obj: dict[str, Any]) -> None:
    assert why_never(obj)


def test_no_kind_is_both_on_the_list_and_never_replaced() -> None:
    assert not NEVER_REPLACED & IMMUTABLE.keys()


def test_a_stateful_set_that_deletes_its_claims_is_never_replaced() -> None:
    policy = {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}
    assert why_never(kind("apps/v1", "StatefulSet", spec=policy))
    assert why_never(kind("apps/v1", "StatefulSet", spec={})) is None
