"""Metrics that only the gateway has. Labels are bounded: rules, targets, outcomes, never a user."""

from typing import Final

from prometheus_client import Counter, Gauge

CIRCUIT_STATE: Final = Gauge("circuit_breaker_state", "0 closed, 1 half-open, 2 open.", ("target",))
CIRCUIT_OPENED: Final = Counter("circuit_breaker_opened", "Times a circuit opened.", ("target",))
CIRCUIT_REJECTED: Final = Counter(
    "circuit_breaker_rejected", "Calls not made because the circuit was open.", ("target",)
)
RATE_LIMITED: Final = Counter("rate_limited_requests", "Requests answered with 429.", ("rule",))
RATE_LIMIT_UNAVAILABLE: Final = Counter(
    "rate_limit_unavailable",
    "Requests that could not be counted, by what became of them.",
    ("outcome",),
)
STREAMS: Final = Gauge("live_streams", "Open streams of notifications.")
FORWARDED: Final = Counter(
    "forwarded_requests",
    "Requests passed on, by service, release (stable, canary) and outcome (served, failed).",
    ("target", "release", "outcome"),
)
SHADOWED: Final = Counter(
    "shadowed_requests",
    "Copies of requests, by service and outcome (same, different, failed, dropped).",
    ("target", "outcome"),
)
LOGINS: Final = Counter("logins", "Logins by outcome.", ("outcome",))
