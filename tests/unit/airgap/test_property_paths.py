"""Differences between two bags."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.airgap.property_paths import compare, render, value_at

QUICK = settings(deadline=None, max_examples=40)
JSON = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


@QUICK
@given(JSON)
def test_a_value_does_not_differ_from_itself(value: Any) -> None:
    assert compare(value, value) == {}


@QUICK
@given(JSON, JSON)
def test_each_difference_points_at_a_place_that_differs(old: Any, new: Any) -> None:
    for path, change in compare(old, new).items():
        if change == "UPDATE":
            before, after = value_at(old, path), value_at(new, path)
            assert (before, type(before)) != (after, type(after))


def test_added_removed_and_updated_are_told_apart() -> None:
    assert compare({"a": 1, "b": 1}, {"b": 2, "c": 3}) == {
        ("a",): "DELETE",
        ("b",): "UPDATE",
        ("c",): "ADD",
    }


def test_lists_differ_by_position() -> None:
    assert compare([1, 2], [1, 3, 4]) == {(1,): "UPDATE", (2,): "ADD"}


def test_true_is_not_one() -> None:
    assert compare({"a": True}, {"a": 1}) == {("a",): "UPDATE"}


def test_paths_are_written_as_pulumi_writes_them() -> None:
    path = ("metadata", "annotations", "example.com/a", "b", 0)
    assert render(path) == 'metadata.annotations["example.com/a"].b[0]'
