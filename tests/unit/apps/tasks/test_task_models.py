"""What may be said about a task."""

import pytest
from pydantic import ValidationError

from todo_shared.models import InstanceCreate, RecurringTaskUpdate, TaskCreate, TaskUpdate


def test_a_title_is_trimmed() -> None:
    assert TaskCreate(title="  milk ").title == "milk"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": "   "},
        {"title": "x" * 201},
        {"title": "x\x00"},
        {"title": "x", "description": "y" * 4001},
        {"title": "x", "due_date": "2030-01-01T00:00:00"},
        {"title": "x", "due_date": "0001-01-01T00:00:00+14:00"},
        {"title": "x", "user_id": "bob"},
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(body: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        TaskCreate.model_validate(body)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"version": 1},
        {"title": None},
        {"title": ""},
        {"status": None},
        {"status": "deleted"},
        {"title": "x", "version": 0},
        {"title": "x", "user_id": "bob"},
    ],
    ids=str,
)
def test_an_update_says_what_to_change(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TaskUpdate.model_validate(body)


def test_null_clears_and_absence_keeps() -> None:
    wanted = TaskUpdate.model_validate({"due_date": None})
    assert (wanted.model_fields_set, wanted.due_date) == ({"due_date"}, None)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"version": 1},
        {"active": None},
        {"recurrence_rule": None},
        {"starts_at": "2030-01-01T09:00:00Z"},
        {"lead_minutes": -1},
        {"next_generation_time": "2030-01-01T09:00:00Z"},
    ],
    ids=str,
)
def test_an_update_of_a_recurring_task_says_what_to_change(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RecurringTaskUpdate.model_validate(body)


def test_the_day_of_an_instance_is_that_of_its_occurrence() -> None:
    body = {
        "occurrence_key": "2030-10-27T02:30+f1",
        "instance_date": "2030-10-27",
        "due_date": "2030-10-27T01:30:00Z",
        "version": 1,
    }
    assert InstanceCreate.model_validate(body).next_generation_time is None
    with pytest.raises(ValidationError, match="not the day"):
        InstanceCreate.model_validate(body | {"instance_date": "2030-10-28"})
    with pytest.raises(ValidationError, match="occurrence_key"):
        InstanceCreate.model_validate(body | {"occurrence_key": "2030-10-27"})


def test_what_may_be_left_out_but_not_null_says_so_in_its_schema() -> None:
    title = TaskUpdate.model_json_schema()["properties"]["title"]
    assert (title["type"], "default" in title) == ("string", False)
