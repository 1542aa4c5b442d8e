"""What a user is told."""

from dataclasses import replace
from datetime import UTC, datetime

from notifications.consumers.reminder_events import compose_reminder
from notifications.consumers.requests import compose_requested, requested
from notifications.consumers.task_events import compose_created
from notifications.consumers.user_events import compose_welcome
from todo_shared.events.envelope import D, ReceivedEvent
from todo_shared.events.payloads import ReminderTriggered, TaskCreated, UserRegistered
from todo_shared.ids import uuid7
from todo_shared.models import SendNotification
from todo_shared.telemetry.context import WorkContext, working_in

NOW = datetime(2030, 1, 1, tzinfo=UTC)
TRACE = "00-" + "a" * 32 + "-x"


def _event(data: D) -> ReceivedEvent[D]:
    return ReceivedEvent(uuid7(), "topic", "task-service", "ann", 3, NOW, TRACE, "c", data)


def test_the_message_of_a_new_task_names_it() -> None:
    event = _event(TaskCreated(task_id="t1", user_id="ann", title="milk"))
    message = compose_created(event)
    assert message.subject == "Task Created"
    assert message.body == "Task t1 was created: milk"
    assert (message.event_id, message.seq, message.trace_id) == (event.id, 3, "a" * 32)
    assert (message.channel, message.user_id, message.reminder_id) == ("email", "ann", None)
    assert (message.traceparent, message.correlation_id) == (TRACE, "c")


def test_the_message_says_when_the_task_is_due() -> None:
    data = TaskCreated(task_id="t1", user_id="ann", title="milk", due_date=NOW)
    assert compose_created(_event(data)).body.endswith("milk, due 2030-01-01T00:00:00+00:00")


def _reminder(title: str | None) -> ReminderTriggered:
    return ReminderTriggered(
        reminder_id="r1",
        task_id="t1",
        user_id="ann",
        notification_channel="push",
        trigger_time=NOW,
        title=title,
        fired_at=NOW,
    )


def test_a_reminder_takes_the_channel_that_was_asked_for() -> None:
    message = compose_reminder(_event(_reminder("milk")))
    assert (message.channel, message.reminder_id, message.task_id) == ("push", "r1", "t1")
    assert message.subject == "Task Reminder"
    wanted = "Reminder of task t1: milk (asked for 2030-01-01T00:00:00+00:00)"
    assert message.body == wanted
    assert compose_reminder(_event(_reminder(None))).body == wanted.replace(": milk", "")


def test_a_welcome_is_about_no_task() -> None:
    message = compose_welcome(_event(UserRegistered(user_id="ann", registered_at=NOW)))
    assert (message.subject, message.task_id, message.user_id) == ("Welcome", "", "ann")


def test_repeats_of_a_request_are_one_event_and_others_are_not() -> None:
    body = SendNotification(task_id="t1", event="task.created")
    trace = "00-" + "b" * 32 + "-" + "c" * 16 + "-01"
    with working_in(WorkContext(traceparent=trace, correlation_id="k")):
        event = requested(body, "ann")
    assert requested(body, "ann").id == event.id
    others = [
        requested(body, "bob"),
        requested(body.model_copy(update={"task_id": "t2"}), "ann"),
        requested(body.model_copy(update={"event": "task.deleted"}), "ann"),
    ]
    assert len({event.id, *(other.id for other in others)}) == 4
    message = compose_requested(event)
    assert (message.subject, message.body) == ("Task Created", "Task t1 was created")
    assert (message.seq, message.trace_id, message.correlation_id) == (0, "b" * 32, "k")
    deleted = replace(event, data=others[2].data)
    assert compose_requested(deleted).subject == "Task Deleted"
