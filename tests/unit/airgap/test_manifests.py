"""Reading YAML as Kubernetes reads it."""

import pytest

from ballast.airgap.failures import InvalidError
from ballast.airgap.manifests import load_objects


def test_dates_and_equals_signs_are_text() -> None:
    text = "kind: A\nday: 2024-01-02\nat: 2024-01-02T03:04:05Z\nsigns: [=, !=]\n"
    text = text.replace("!=", '"!="')
    assert load_objects(text) == [
        {"kind": "A", "day": "2024-01-02", "at": "2024-01-02T03:04:05Z", "signs": ["=", "!="]}
    ]


def test_empty_documents_are_skipped_and_lists_opened() -> None:
    text = "---\n---\nkind: List\nitems:\n- kind: A\n- kind: B\n---\nkind: C\n"
    assert [obj["kind"] for obj in load_objects(text)] == ["A", "B", "C"]


def test_octal_file_modes_are_numbers() -> None:
    assert load_objects("kind: A\nmode: 0644\n")[0]["mode"] == 0o644


def test_broken_yaml_is_a_sentence() -> None:
    with pytest.raises(InvalidError, match="not YAML"):
        load_objects("a: [")
