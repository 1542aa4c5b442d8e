"""Metrics of deliveries, apart from those of the machinery."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

ATTEMPTS: Final = Counter(
    "delivery_attempts",
    "Attempts to send by how they ended: sent, again, failed, skipped, withdrawn, released.",
    ("channel", "outcome"),
)
LOST_LEASES: Final = Counter(
    "delivery_leases_lost", "Attempts that took longer than their lease.", ("channel",)
)
TIME_TO_SENT: Final = Histogram(
    "delivery_time_to_sent_seconds",
    "Time from the cause of an event to the provider's acceptance of its message.",
    ("channel",),
    buckets=(0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0),
)
WAITING: Final = Gauge("deliveries_unfinished", "Deliveries not sent yet.", ("channel",))
OLDEST: Final = Gauge(
    "deliveries_oldest_unfinished_seconds", "Age of the oldest delivery not sent.", ("channel",)
)
STREAMS: Final = Gauge("notification_streams", "Open streams of live notifications.")
