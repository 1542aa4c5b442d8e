"""What a copy holds, and when it is written."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from task_examples import START, new_task

from tasks.read_copy.consistency import DifferenceKind, compare
from tasks.read_copy.task_copy import (
    TOMBSTONE_SECONDS,
    TaskCopy,
    UnreadableCopyError,
    copy_key,
    digest,
    needed_write,
)
from todo_shared.dapr import ABSENT, StoredValue

TASK = new_task()
LATER = replace(TASK, title="bread", version=2)
GONE = replace(LATER, deleted_at=START, version=3)
KEY = copy_key(TASK.user_id, TASK.id)


def _held(value: bytes) -> StoredValue:
    return StoredValue(value, "etag")


def test_a_copy_is_the_task_as_the_api_shows_it() -> None:
    copy = TaskCopy.of(TASK)
    assert json.loads(copy.json()) == json.loads(TASK.response().model_dump_json())
    assert TaskCopy.parse(copy.json()) == copy
    assert f"task:ann:{TASK.id}" == KEY


def test_a_tombstone_says_only_of_which_version_it_is() -> None:
    copy = TaskCopy.of(GONE)
    assert json.loads(copy.json()) == {"deleted": True, "version": 3}
    assert TaskCopy.parse(copy.json()) == TaskCopy(3, None)
    assert copy.upsert(KEY, None).ttl_seconds == TOMBSTONE_SECONDS
    assert TaskCopy.of(TASK).upsert(KEY, None).ttl_seconds is None


def test_a_field_of_a_newer_service_is_passed_over() -> None:
    document = json.loads(TaskCopy.of(TASK).json()) | {"mood": "good"}
    assert TaskCopy.parse(json.dumps(document).encode()) == TaskCopy.of(TASK)


@pytest.mark.parametrize("value", [b"null", b"7", b"{}", b'{"deleted":true}', b"no json", b"[1]"])
def test_anything_else_is_no_copy(value: bytes) -> None:
    with pytest.raises(UnreadableCopyError):
        TaskCopy.parse(value)


def test_the_digest_is_of_the_content() -> None:
    assert digest(b'{"a":1,"b":[2]}') == digest(b'{ "b": [2], "a": 1 }') != digest(b'{"a":1}')


@pytest.mark.parametrize(
    ("truth", "held", "written"),
    [
        (TASK, None, True),
        (GONE, None, True),
        (TASK, TASK, False),
        (LATER, TASK, True),
        (TASK, LATER, False),
        (GONE, LATER, True),
        (LATER, GONE, False),
        (GONE, GONE, False),
    ],
)
def test_what_is_written_over_what(truth, held, written: bool) -> None:
    value = None if held is None else _held(TaskCopy.of(held).json())
    write = needed_write(KEY, TaskCopy.of(truth), value)
    assert (write is not None) == written
    if write is not None:
        assert write.etag == (ABSENT if held is None else "etag")
        assert TaskCopy.parse(write.value) == TaskCopy.of(truth)


def test_the_same_version_with_other_content_is_repaired() -> None:
    forged = _held(TaskCopy.of(replace(TASK, title="forged")).json())
    assert needed_write(KEY, TaskCopy.of(TASK), forged) is not None
    assert needed_write(KEY, TaskCopy.of(TASK), _held(b'"no copy"')) is not None


def test_a_filled_in_deleted_task_needs_no_tombstone() -> None:
    assert needed_write(KEY, TaskCopy.of(GONE), None, bury=False) is None
    live = _held(TaskCopy.of(TASK).json())
    assert needed_write(KEY, TaskCopy.of(GONE), live, bury=False) is not None


def test_a_newer_copy_is_replaced_only_on_demand() -> None:
    newer = _held(TaskCopy.of(LATER).json())
    assert needed_write(KEY, TaskCopy.of(TASK), newer) is None
    assert needed_write(KEY, TaskCopy.of(TASK), newer, replace=True) is not None


@pytest.mark.parametrize(
    ("truth", "value", "kind"),
    [
        (TASK, TaskCopy.of(TASK).json(), None),
        (TASK, None, DifferenceKind.MISSING),
        (TASK, TaskCopy.of(GONE).json(), DifferenceKind.MISSING),
        (TASK, TaskCopy.of(LATER).json(), DifferenceKind.DIFFERING),
        (TASK, TaskCopy.of(replace(TASK, title="x")).json(), DifferenceKind.DIFFERING),
        (TASK, b'"nonsense"', DifferenceKind.DIFFERING),
        (GONE, None, None),
        (GONE, TaskCopy.of(GONE).json(), None),
        (GONE, TaskCopy.of(TASK).json(), DifferenceKind.SURPLUS),
        (None, None, None),
        (None, TaskCopy.of(TASK).json(), DifferenceKind.SURPLUS),
        (None, b"7", DifferenceKind.SURPLUS),
    ],
)
def test_what_counts_as_a_difference(truth, value: bytes | None, kind) -> None:
    held = None if value is None else _held(value)
    found = compare(KEY, None if truth is None else TaskCopy.of(truth), held)
    assert (None if found is None else found.kind) == kind


def test_moments_survive_the_way_through_the_store() -> None:
    task = replace(TASK, due_date=datetime(2030, 1, 2, 3, 4, 5, 678, UTC))
    assert TaskCopy.parse(TaskCopy.of(task).json()) == TaskCopy.of(task)
