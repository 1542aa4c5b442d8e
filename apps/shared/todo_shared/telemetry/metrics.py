"""The metrics of a service. Labels are bounded: routes, status codes, topics, never a user."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

HTTP_REQUESTS: Final = Counter(
    "http_requests", "Requests served, by route template.", ("method", "route", "status")
)
HTTP_DURATION: Final = Histogram(
    "http_request_duration_seconds",
    "Time from the first byte of a request to the last of its answer.",
    ("method", "route", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0),
)
IN_PROGRESS: Final = Gauge("fastapi_inprogress", "Requests being served now.")

OUTBOX_DEPTH: Final = Gauge("outbox_depth", "Events committed and not yet acknowledged.")
OUTBOX_AGE: Final = Gauge("outbox_oldest_age_seconds", "Age of the oldest event not acknowledged.")
PUBLISH_LATENCY: Final = Histogram(
    "event_publish_latency_seconds",
    "Time from the insert of an event to the acknowledgement of the broker.",
    ("topic",),
    buckets=(0.005, 0.01, 0.02, 0.035, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
PUBLISH_FAILURES: Final = Counter(
    "event_publish_failures", "Bulk publishes that failed, wholly or partly.", ("topic",)
)
EVENT_LATENCY: Final = Histogram(
    "event_handling_latency_seconds",
    "Time from the cause of an event to the commit of its effect.",
    ("topic",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
HANDLER_DURATION: Final = Histogram(
    "event_handler_duration_seconds",
    "Time that a handler took for one call of the sidecar.",
    ("topic",),
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
EVENTS: Final = Counter("events_handled", "Events by what became of them.", ("topic", "outcome"))
CREDENTIAL_ROTATIONS: Final = Counter(
    "database_credential_rotations", "Database leases taken.", ("outcome",)
)
CREDENTIAL_EXPIRY: Final = Gauge(
    "database_credential_expiry_timestamp_seconds", "When the lease in use ends, Unix time."
)
