"""Metrics of the scheduler."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

LATENESS: Final = Histogram(
    "reminder_lateness_seconds",
    "Time from the moment a reminder was due, or stored if later, to its triggering.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0),
)
REMINDERS: Final = Counter("reminders", "Reminders by what became of them.", ("outcome",))
REMINDERS_WAITING: Final = Gauge("reminders_waiting", "Reminders in the timer of this replica.")
SERIES_DUE: Final = Gauge("series_due", "Series whose generation time has passed.")
INSTANCES: Final = Counter("instances", "Requests for an instance, by their outcome.", ("outcome",))
SWEEPS: Final = Counter("sweeps", "Sweeps done, by what asked for them.", ("cause",))
