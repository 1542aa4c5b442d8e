"""What a producer sends, a consumer can read: now, and one version apart."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

sys.path.insert(0, str(Path(__file__).parent))  # test-only modules of this folder

from event_strategies import ANY, BY_PAYLOAD

from todo_shared.events.envelope import (
    EventTooLargeError,
    EventUnreadableError,
    StoredEvent,
    decode,
    encode,
    new_event,
)
from todo_shared.events.payloads import (
    TOPIC_OF,
    EventData,
    RecurringTaskCreated,
    ReminderCanceled,
    TaskChanges,
    TaskCreated,
    TaskDeleted,
    TaskUpdated,
)
from todo_shared.events.schemas import SchemaMismatchError, check_data
from todo_shared.ids import uuid7
from todo_shared.telemetry.context import WorkContext, working_in


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


def test_every_payload_is_tried() -> None:
    assert set(BY_PAYLOAD) == set(TOPIC_OF)


@given(data=ANY, seq=st.integers(1, 2**53))
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
    for added_later in ("instance_date", "series_version"):
        del event["data"][added_later]
    data = decode(event, TaskCreated).data
    assert (data.instance_date, data.series_version) == (None, None)


def test_a_writer_may_not_send_what_the_schema_does_not_declare() -> None:
    data = {"task_id": "t", "user_id": "ann", "deleted_at": "2030-01-01T00:00:00Z", "extra": 1}
    with pytest.raises(SchemaMismatchError, match=r"task\.deleted"):
        check_data("task.deleted", data, writing=True)
    check_data("task.deleted", data, writing=False)


def test_a_writer_may_not_send_inside_a_record_what_its_schema_does_not_declare() -> None:
    event = wire(_renamed())
    event["data"]["changed"]["mood"] = "new"
    with pytest.raises(SchemaMismatchError, match=r"changed\.mood"):
        check_data("task.updated", event["data"], writing=True)
    assert decode(event, TaskUpdated).data.changed.title == "new title"


def _renamed() -> TaskUpdated:
    return TaskUpdated(
        task_id="t",
        user_id="ann",
        changed=TaskChanges(title="new title"),
        changed_fields=["title", "due_date"],
        updated_at=datetime.now(UTC),
        version=2,
    )


def test_a_change_tells_what_was_set_and_what_was_cleared() -> None:
    data = decode(wire(_renamed()), TaskUpdated).data
    told = {name: getattr(data.changed, name) for name in data.changed_fields}
    assert told == {"title": "new title", "due_date": None}


@pytest.mark.parametrize("when", ["2030-01-01T09:00:00Z", "2030-01-01T09:00+01:00", "2030-01-01"])
def test_a_recurring_task_starts_at_a_local_time(when: str) -> None:
    known: dict[str, Any] = dict.fromkeys(RecurringTaskCreated.model_fields, "x")
    numbers = {"lead_minutes": 0, "version": 1, "active": True, "deleted": False}
    known |= numbers | {"rule_kind": "cron", "next_generation_time": None}
    assert RecurringTaskCreated(**known | {"starts_at": "2030-01-01T09:00"}).active
    with pytest.raises(ValidationError, match="starts_at"):
        RecurringTaskCreated(**known | {"starts_at": when})


def test_a_reminder_is_canceled_for_an_agreed_reason() -> None:
    data = ReminderCanceled(reminder_id="r", task_id="t", user_id="u", reason="task_deleted")
    event = wire(data)
    event["data"]["reason"] = "bored"
    with pytest.raises(EventUnreadableError, match="reason"):
        decode(event, ReminderCanceled)


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
