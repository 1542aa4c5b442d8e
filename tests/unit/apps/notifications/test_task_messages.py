"""What a user is told."""

from datetime import UTC, datetime

from notifications.consumers.task_events import compose_created
from todo_shared.events.envelope import ReceivedEvent
from todo_shared.events.payloads import TaskCreated
from todo_shared.ids import uuid7

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def _event(data: TaskCreated) -> ReceivedEvent[TaskCreated]:
    return ReceivedEvent(
        uuid7(), "task.created", "task-service", "ann", 3, NOW, "00-" + "a" * 32 + "-x", "c", data
    )


def test_the_message_of_a_new_task_names_it() -> None:
    event = _event(TaskCreated(task_id="t1", user_id="ann", title="milk"))
    message = compose_created(event)
    assert message.subject == "Task Created"
    assert message.body == "Task t1 was created: milk"
    assert (message.event_id, message.seq, message.trace_id) == (event.id, 3, "a" * 32)


def test_the_message_says_when_the_task_is_due() -> None:
    data = TaskCreated(task_id="t1", user_id="ann", title="milk", due_date=NOW)
    assert compose_created(_event(data)).body.endswith("milk, due 2030-01-01T00:00:00+00:00")
