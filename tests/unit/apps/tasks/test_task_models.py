"""What may be said about a task."""

import pytest
from pydantic import ValidationError

from todo_shared.models import TaskCreate


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
        {"title": "x", "user_id": "bob"},
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(body: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        TaskCreate.model_validate(body)
