"""The cursor of a page is opaque and cannot be made up."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))  # test-only modules of this folder

from task_examples import new_task, new_template

from tasks.paging import after_row, position_of
from tasks.repository.position import Position
from todo_shared.errors import InvalidError
from todo_shared.models import TaskSort

MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(st.uuids(), MOMENTS)
def test_a_cursor_leads_back_to_its_row(row_id: UUID, moment: datetime) -> None:
    for row in (new_task(), new_template()):
        after = after_row(replace(row, id=str(row_id), created_at=moment))
        assert position_of(after) == Position(moment, row_id)


@given(st.uuids(), st.none() | MOMENTS)
def test_a_cursor_by_due_date_leads_back_too(row_id: UUID, moment: datetime | None) -> None:
    task = replace(new_task(), id=str(row_id), due_date=moment)
    assert position_of(after_row(task, TaskSort.DUE), TaskSort.DUE) == Position(moment, row_id)


def test_no_cursor_is_the_beginning() -> None:
    assert position_of(None) is None


@pytest.mark.parametrize(
    ("made_for", "used_for"),
    [(TaskSort.CREATED, TaskSort.DUE), (TaskSort.DUE, TaskSort.CREATED)],
)
def test_the_cursor_of_another_order_is_refused(made_for: TaskSort, used_for: TaskSort) -> None:
    with pytest.raises(InvalidError, match="same list"):
        position_of(after_row(new_task(), made_for), used_for)


@given(st.text(max_size=60))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="`after`"):
        position_of(text)
