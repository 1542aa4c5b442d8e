"""The cursor of a page is opaque and cannot be made up."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.models.task import Task
from tasks.paging import after_task, position_of
from todo_shared.errors import InvalidError
from todo_shared.models import TaskStatus

NOW = datetime(2030, 1, 1, tzinfo=UTC)
TASK = Task("", "ann", "x", None, TaskStatus.PENDING, None, NOW, NOW, None, None, 1)


@given(st.uuids(), st.datetimes(timezones=st.just(UTC)))
def test_a_cursor_leads_back_to_its_task(task_id: UUID, moment: datetime) -> None:
    position = position_of(after_task(replace(TASK, id=str(task_id), created_at=moment)))
    assert (position.id, position.created_at) == (task_id, moment)


@given(st.text(max_size=60))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="`after`"):
        position_of(text)
