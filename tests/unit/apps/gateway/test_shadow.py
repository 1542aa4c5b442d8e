"""When two answers say the same, and where they differ."""

import json
from typing import Any

import pytest

from gateway.settings import GatewaySettings
from gateway.shadow import difference
from todo_shared.dapr import SidecarResponse
from todo_shared.settings import SettingsError

TASK = {"id": "t1", "title": "milk", "status": "pending", "version": 1, "created_at": "2030-01-01"}


def answer(body: Any, status: int = 200, etag: str = '"1"') -> SidecarResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return SidecarResponse(status, "application/json", content, etag)


def test_when_something_was_written_is_no_difference() -> None:
    assert difference(answer(TASK), answer(TASK | {"created_at": "2031-02-02"})) == ""
    errors = ({"error": "task not found", "correlation_id": each} for each in "ab")
    assert difference(*(answer(error, 404) for error in errors)) == ""
    pages = ({"items": [TASK], "next": cursor} for cursor in ("a", "b"))
    assert difference(*(answer(page) for page in pages)) == ""


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (answer(TASK, status=404), "status 200 and 404"),
        (answer(TASK, etag='"2"'), "etag"),
        (answer(TASK | {"title": "secret"}), "body at title"),
        (answer({name: TASK[name] for name in ("id", "title")}), "body at status"),
        (answer([TASK]), "body at "),
        (answer(b"not json"), "body at "),
    ],
)
def test_a_difference_names_its_place_and_no_value(other: SidecarResponse, said: str) -> None:
    found = difference(answer(TASK), other)
    assert found == said
    assert "secret" not in found


def test_a_difference_deep_in_a_list_has_a_path() -> None:
    one, other = ({"items": [TASK, TASK | {"status": state}]} for state in ("pending", "completed"))
    assert difference(answer(one), answer(other)) == "body at items.1.status"
    assert difference(answer({"items": []}), answer({"items": [TASK]})) == "body at items.length"


def test_equal_bytes_that_are_no_json_are_equal() -> None:
    assert difference(answer(b"\xff"), answer(b"\xff")) == ""


def test_a_second_release_of_the_same_environment_is_no_shadow() -> None:
    with pytest.raises(SettingsError, match="shares its databases"):
        GatewaySettings.from_environment({"SHADOW_NAMESPACE": "todo-app-dev-green"})
