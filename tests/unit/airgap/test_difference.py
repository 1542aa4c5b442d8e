"""What a change of inputs means."""

from typing import Any

import pytest

from ballast.airgap.difference import diff_object
from ballast.airgap.failures import InvalidError
from ballast.airgap.objects import AUTONAMED, ObjectId
from ballast.airgap.replacement import Mutability
from ballast.airgap.values import UNKNOWN

HERE = ObjectId("ns", "it")


def obj(kind: str = "ConfigMap", name: str = "it", **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "ns", **more.pop("metadata", {})}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **more}


def diff(old: Any, new: Any, at: ObjectId = HERE) -> Any:
    return diff_object(at, old, new, Mutability())


def test_same_inputs_same_object() -> None:
    assert not diff(obj(), obj()).changes


def test_a_label_is_an_update() -> None:
    found = diff(obj(), obj(metadata={"labels": {"a": "b"}}))
    assert found.changes
    assert not found.replaces


def test_a_new_name_makes_the_new_object_before_the_old_one_goes() -> None:
    found = diff(obj(), obj(name="other"))
    assert found.replaces == {("metadata", "name")}
    assert not found.delete_first


def test_a_replacement_under_the_same_name_deletes_first() -> None:
    found = diff(obj(data={"a": "1"}), obj(data={"a": "2"}))
    assert found.delete_first


def test_an_automatic_name_allows_the_new_object_first() -> None:
    auto = {"annotations": {AUTONAMED: "true"}}
    found = diff(obj(metadata=auto), obj(name="it-2", metadata=auto))
    assert not found.delete_first


def test_spelling_out_the_default_namespace_moves_nothing() -> None:
    bare = obj()
    del bare["metadata"]["namespace"]
    assert not diff(bare, obj()).changes


def test_a_namespace_on_a_cluster_wide_object_means_nothing() -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"}
    old = {**role, "metadata": {"name": "it"}}
    new = {**role, "metadata": {"name": "it", "namespace": "ns"}}
    assert not diff(old, new, ObjectId(None, "it")).changes


def test_an_unknown_value_is_an_update_until_it_is_known() -> None:
    found = diff(obj(data={"a": "1"}), obj(data={"a": UNKNOWN}))
    assert found.changes
    assert not found.replaces


def test_a_new_version_of_the_same_kind_is_an_update() -> None:
    old, new = obj(), obj()
    old["apiVersion"], new["apiVersion"] = "example.com/v1alpha1", "example.com/v1"
    assert not diff(old, new).replaces


def test_another_group_is_another_object() -> None:
    old, new = obj(kind="Ingress"), obj(kind="Ingress")
    old["apiVersion"], new["apiVersion"] = "extensions/v1beta1", "networking.k8s.io/v1"
    assert diff(old, new).replaces == {("apiVersion",)}


@pytest.mark.parametrize("kind", ["Namespace", "PersistentVolume", "PersistentVolumeClaim"])
def test_renaming_what_holds_data_is_refused(kind: str) -> None:
    with pytest.raises(InvalidError, match="destroy what it holds") as caught:
        diff(obj(kind=kind), obj(kind=kind, name="other"))
    assert "beside it" in caught.value.fix


def test_resizing_a_claim_is_left_to_the_server() -> None:
    old = obj(kind="PersistentVolumeClaim", spec={"resources": {"requests": {"storage": "1Gi"}}})
    new = obj(kind="PersistentVolumeClaim", spec={"resources": {"requests": {"storage": "2Gi"}}})
    assert not diff(old, new).replaces


def test_the_answer_marks_replacing_fields() -> None:
    answer = diff(obj(data={"a": "1"}), obj(data={"a": "2"})).response()
    assert answer.detailedDiff["data.a"].kind == answer.detailedDiff["data.a"].UPDATE_REPLACE
    assert list(answer.replaces) == ["data"]
