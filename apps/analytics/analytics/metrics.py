"""Figures of all users, and whether a rebuild is open."""

from typing import Final

from prometheus_client import Gauge

TASKS: Final = Gauge("analytics_tasks", "Tasks by what has become of them.", ("status",))
ACTIVE_SERIES: Final = Gauge("analytics_active_series", "Recurring tasks that are active.")
USERS: Final = Gauge("analytics_users", "Registrations that were told.")
REBUILD_OPEN: Final = Gauge(
    "analytics_rebuild_open", "1 while a rebuild has begun and is not finished."
)
FIGURES_FAILED: Final = Gauge(
    "analytics_figures_stale", "1 while the figures could not be read from the database."
)
