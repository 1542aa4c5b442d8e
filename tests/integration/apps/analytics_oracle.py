"""What the projections must be, told as simply as possible."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from analytics_stack import Sent

from analytics.models.counts import Measure
from todo_shared.events.envelope import decode
from todo_shared.events.payloads import TOPIC_OF

COUNTED = {
    "task.created": Measure.TASKS_CREATED,
    "task.completed": Measure.TASKS_COMPLETED,
    "task.deleted": Measure.TASKS_DELETED,
    "reminder.triggered": Measure.REMINDERS_TRIGGERED,
    "reminder.canceled": Measure.REMINDERS_CANCELED,
    "user.registered": Measure.REGISTRATIONS,
    "user.authenticated": Measure.LOGINS,
}
PAYLOADS = {topic: payload for payload, topic in TOPIC_OF.items()}


def expected(events: Sequence[Sent]) -> dict[str, list[tuple[Any, ...]]]:
    """What must be known after `events`, told simply: everything is looked up in the whole."""
    told = [decode(event.wire, PAYLOADS[event.topic]) for event in events]
    counts: dict[tuple[Any, ...], Counter[Measure]] = {}
    for event in told:
        if event.topic in COUNTED:
            names = ("completed_at", "deleted_at", "fired_at", "registered_at", "authenticated_at")
            moments = [getattr(event.data, name) for name in names if hasattr(event.data, name)]
            day = (moments or [event.time])[0].date()
            counts.setdefault((event.key, day), Counter())[COUNTED[event.topic]] += 1
    tasks: list[tuple[Any, ...]] = []
    of_tasks = [each for each in told if each.topic.startswith("task.")]
    for name in {each.data.task_id for each in of_tasks}:
        mine = sorted(
            (each for each in of_tasks if each.data.task_id == name), key=lambda each: each.seq
        )
        row = [name, mine[0].key, None, None, 0, None]
        for each in mine:
            match each.topic:
                case "task.created":
                    row[2] = each.time
                case "task.completed":
                    row[3], row[4] = each.data.completed_at, each.seq
                case "task.deleted":
                    row[5] = each.data.deleted_at
                case _:
                    if "status" in each.data.changed_fields:
                        row[3], row[4] = None, each.seq
        tasks.append(tuple(row))
    newest: dict[str, Any] = {}
    for each in sorted(told, key=lambda each: getattr(each.data, "version", 0)):
        if each.topic.startswith("recurring-task."):
            newest[each.data.recurring_task_id] = each
    return {
        "daily_counts": sorted(
            (*key, *(count[each] for each in Measure)) for key, count in counts.items()
        ),
        "tasks": sorted(tasks),
        "series": sorted(
            (name, e.key, e.data.version, e.data.active and not e.data.deleted)
            for name, e in newest.items()
        ),
    }
