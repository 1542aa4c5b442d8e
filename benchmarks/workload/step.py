"""One step of a load: creates at a rate for some seconds, and what clients and services say."""

import asyncio
import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from ballast.gate.samples import quantile
from ballast.names import SERVICES
from workload.clients import Clients, acknowledged
from workload.environment import Environment, Users, name_of_run
from workload.histograms import Histogram, Page, histogram, total
from workload.processors import Seconds, by_kind, cpu_seconds, since

TOPIC: Final = "task.created"
CONSUMERS: Final = ("scheduler-service", "notification-service", "analytics-service")
DRAIN_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.5
# Of the sidecar that invokes: from the call until the answer of the other side, in milliseconds.
INVOKED: Final = "dapr_runtime_service_invocation_res_recv_latency_ms"


@dataclass(frozen=True)
class Reading:
    """What the services say at one moment."""

    at: float
    pages: Mapping[str, Sequence[Page]]
    sidecar: Sequence[Page]
    cpu: Seconds
    own_cpu: float

    def of(self, name: str, services: Sequence[str], **labels: str) -> Histogram:
        """A histogram of some services together."""
        return histogram([page for s in services for page in self.pages[s]], name, **labels)

    def handled(self, service: str) -> float:
        """Events of new tasks that had their effect."""
        return total(self.pages[service], "events_handled_total", topic=TOPIC, outcome="handled")


@dataclass
class Step:
    """The figures of one step; times in milliseconds, `cpu` in CPU seconds per 1,000 events."""

    rate: float
    seconds: float
    created: int
    failed: int
    reached: float
    drained_s: float
    api_p50: float
    api_p95: float
    gateway_p95: float
    invoke_p95: float
    publish_p95: float
    handler_p95: float
    effect_p95: float
    lag_p95: float
    cpu: dict[str, float]
    load: float
    cpu_by_part: dict[str, float] = field(default_factory=dict[str, float])

    def as_json(self) -> dict[str, Any]:
        """Figures without infinity, which JSON does not know."""
        figures = asdict(self)
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in figures.items()
        }


def read(environment: Environment) -> Reading:
    """Read all services, the gateway's sidecar, and the processors."""
    return Reading(
        time.time(),
        {service: environment.pages(service) for service in SERVICES},
        environment.sidecar_pages("api-gateway"),
        cpu_seconds(environment),
        time.process_time(),
    )


def play_step(environment: Environment, users: Users, rate: float, seconds: float) -> Step:
    """Create at `rate` for `seconds` and wait until every event had its effect."""
    before = read(environment)
    clients = Clients(environment.url, users, name_of_run("step"))
    end = time.monotonic() + seconds
    began = time.monotonic()
    asyncio.run(clients.play(rate, lambda _: time.monotonic() < end))
    answered = time.monotonic()
    done = acknowledged(clients.creates)
    drained, after = _drained(environment, before, len(done))
    return figures(
        rate, seconds, clients, (before, after),
        reached=len(done) / (answered - began), drained=drained,
    )  # fmt: skip


def _drained(environment: Environment, before: Reading, events: int) -> tuple[float, Reading]:
    """Seconds until all consumers handled so many events, infinite when they did not in time."""
    began = time.monotonic()
    while True:
        now = read(environment)
        behind = max(events - now.handled(s) + before.handled(s) for s in CONSUMERS)
        waited = time.monotonic() - began
        if behind <= 0:
            return waited, now
        if waited > DRAIN_SECONDS:
            return math.inf, now
        time.sleep(POLL_SECONDS)


def figures(
    rate: float,
    seconds: float,
    clients: Clients,
    readings: tuple[Reading, Reading],
    *,
    reached: float,
    drained: float,
) -> Step:
    """The figures between two readings."""
    before, after = readings
    done = acknowledged(clients.creates)

    def p95(name: str, services: Sequence[str], **labels: str) -> float:
        new = after.of(name, services, **labels).since(before.of(name, services, **labels))
        return new.quantile(0.95) * 1000

    invoked = histogram(after.sidecar, INVOKED).since(histogram(before.sidecar, INVOKED))
    used = since(before.cpu, after.cpu) | {"load generator": after.own_cpu - before.own_cpu}
    thousands = max(len(done), 1) / 1000
    parts = {part: round(spent / thousands, 3) for part, spent in used.items()}
    created = {"route": "/api/v1/tasks", "method": "POST", "status": "201"}
    return Step(
        rate,
        seconds,
        len(clients.creates),
        sum(len(create.failures) for create in clients.creates),
        round(reached, 1),
        round(drained, 1),
        quantile([create.latency for create in done], 0.5) * 1000,
        quantile([create.latency for create in done], 0.95) * 1000,
        p95("http_request_duration_seconds", ["api-gateway"], **created),
        invoked.quantile(0.95),
        p95("event_publish_latency_seconds", ["task-service"], topic=TOPIC),
        p95("event_handler_duration_seconds", CONSUMERS, topic=TOPIC),
        p95("event_handling_latency_seconds", CONSUMERS[:2], topic=TOPIC),
        quantile([create.lag for create in done], 0.95) * 1000,
        {kind: round(spent, 3) for kind, spent in by_kind(parts).items()},
        round(os.getloadavg()[0], 1),
        parts,
    )
