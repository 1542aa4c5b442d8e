"""Metrics of the business, apart from those of the machinery."""

from typing import Final

from prometheus_client import Counter, Histogram

TASKS_CREATED: Final = Counter("tasks_created", "Tasks created.")
TASK_COMPLETION: Final = Histogram(
    "task_completion_seconds",
    "Time from the creation of a task to its completion.",
    ("status",),
    buckets=(1, 10, 60, 600, 3600, 21600, 86400, 604800, 2592000),
)
NOTIFICATIONS_SENT: Final = Counter("notifications_sent", "Notifications sent.", ("channel",))
