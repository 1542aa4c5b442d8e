"""What a producer sends, a consumer can read: now, and one version apart."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todo_shared.events.envelope import (
    EventTooLargeError,
    EventUnreadableError,
    StoredEvent,
    decode,
    encode,
    new_event,
)
from todo_shared.events.payloads import EventData, TaskCompleted, TaskCreated, TaskDeleted
from todo_shared.events.schemas import SchemaMismatchError, check_data
from todo_shared.ids import uuid7
from todo_shared.telemetry.context import WorkContext, working_in

moments = st.datetimes(
    min_value=datetime(2000, 1, 1),
    max_value=datetime(2100, 1, 1),
    timezones=st.just(UTC),
)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50)
created = st.builds(
    TaskCreated,
    task_id=texts,
    user_id=texts,
    title=texts,
    description=st.none() | texts,
    due_date=st.none() | moments,
    recurring_task_id=st.none() | texts,
    instance_date=st.none() | st.dates(),
)
completed = st.builds(
    TaskCompleted, task_id=texts, user_id=texts, title=texts, completed_at=moments
)
deleted = st.builds(TaskDeleted, task_id=texts, user_id=texts, deleted_at=moments)


def wire(data: EventData, seq: int = 1) -> dict[str, Any]:
    """What arrives at a consumer: the sidecar parses, adds fields and writes anew."""
    with working_in(WorkContext("00-" + "1" * 32 + "-" + "2" * 16 + "-01", "", "request-1")):
        new = new_event(uuid7(), data, datetime.now(UTC))
    stored = StoredEvent(
        1, new.id, new.topic, new.key, seq, new.time, new.data, new.traceparent, new.correlation_id
    )
    return json.loads(encode(stored, "task-service")) | {
        "topic": "dev.x",
        "pubsubname": "task-events",
    }


@given(data=created | completed | deleted, seq=st.integers(1, 2**53))
def test_an_event_arrives_as_it_was_sent(data: EventData, seq: int) -> None:
    event = decode(wire(data, seq), type(data))
    assert event.data == data
    assert (event.key, event.seq) == (data.user_id, seq)
    assert event.trace_id == "1" * 32
    assert event.correlation_id == "request-1"


def test_the_envelope_has_the_attributes_of_cloudevents() -> None:
    event = wire(
        TaskDeleted(task_id="t", user_id="ann", deleted_at=datetime(2030, 1, 1, tzinfo=UTC))
    )
    assert event["specversion"] == "1.0"
    assert event["type"] == "com.todo.task.deleted.v1"
    assert event["source"] == "task-service"
    assert event["datacontenttype"] == "application/json"
    assert event["dataschema"].startswith("urn:todo:schema:task.deleted:1:")
    assert event["time"].endswith("Z")
    assert event["data"] == {
        "task_id": "t",
        "user_id": "ann",
        "deleted_at": "2030-01-01T00:00:00Z",
    }


def test_the_envelope_costs_less_than_a_kilobyte() -> None:
    data = TaskDeleted(task_id="t", user_id="ann", deleted_at=datetime.now(UTC))
    event = wire(data)
    assert len(json.dumps({key: event[key] for key in event if key != "data"})) < 1024


def test_a_reader_ignores_a_field_that_a_newer_writer_added() -> None:
    event = wire(TaskCreated(task_id="t", user_id="ann", title="x"))
    event["data"]["mood"] = "new"
    assert decode(event, TaskCreated).data.title == "x"


def test_a_reader_fills_an_optional_field_that_an_older_writer_left_out() -> None:
    event = wire(TaskCreated(task_id="t", user_id="ann", title="x"))
    del event["data"]["instance_date"]
    assert decode(event, TaskCreated).data.instance_date is None


def test_a_writer_may_not_send_what_the_schema_does_not_declare() -> None:
    data = {"task_id": "t", "user_id": "ann", "deleted_at": "2030-01-01T00:00:00Z", "extra": 1}
    with pytest.raises(SchemaMismatchError, match=r"task\.deleted"):
        check_data("task.deleted", data, writing=True)
    check_data("task.deleted", data, writing=False)


@pytest.mark.parametrize(
    "change",
    [
        {"specversion": "0.3"},
        {"id": "not-a-uuid"},
        {"type": "com.todo.task.created.v1"},
        {"seq": 0},
        {"data": None},
        {"data": {"task_id": "t"}},
        {"data": {"task_id": "t", "user_id": "u", "deleted_at": "yesterday"}},
    ],
    ids=str,
)
def test_an_event_that_breaks_the_contract_is_unreadable(change: dict[str, Any]) -> None:
    event = wire(TaskDeleted(task_id="t", user_id="ann", deleted_at=datetime.now(UTC))) | change
    with pytest.raises(EventUnreadableError, match=r"task\.deleted"):
        decode(event, TaskDeleted)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_anything_else_is_unreadable_and_nothing_worse(body: object) -> None:
    with pytest.raises(EventUnreadableError):
        decode(body, TaskCreated)


def test_an_event_above_the_message_limit_is_refused_before_it_is_stored() -> None:
    data = TaskCreated(task_id="t", user_id="ann", title="x", description="y" * 1_048_576)
    with pytest.raises(EventTooLargeError, match="1 MiB"):
        new_event(uuid7(), data, datetime.now(UTC))
