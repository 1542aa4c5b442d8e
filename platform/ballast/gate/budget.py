"""What is left of an environment's error budgets, as Prometheus recorded it."""

import math
from dataclasses import dataclass
from typing import Any, Final, Protocol

import httpx

from ballast.gate.binomial import lower_bound
from ballast.kubeapi.shape import mapping, mappings, sequence
from ballast.names import ENVIRONMENT_NAMESPACES, PROMETHEUS_PORT
from ballast.slo.model import Slo
from ballast.slo.rules import budget

WINDOW: Final = "30d"
QUERY_SECONDS: Final = 15.0
CONFIDENCE: Final = 0.95


class Metrics(Protocol):
    """Where an instant query is answered with its samples: Prometheus."""

    def query(self, expression: str) -> list[float]:
        """Values of the samples; an error when there is no answer."""
        ...


class NoAnswerError(Exception):
    """The metrics could not be asked; the message says why."""


@dataclass(frozen=True)
class Prometheus:
    """The platform's Prometheus through its port of this machine."""

    url: str = f"http://127.0.0.1:{PROMETHEUS_PORT}"

    def query(self, expression: str) -> list[float]:
        """Values of an instant vector; NoAnswerError when Prometheus gives none."""
        try:
            with httpx.Client(timeout=QUERY_SECONDS, trust_env=False) as client:
                answer = client.get(f"{self.url}/api/v1/query", params={"query": expression})
                answer.raise_for_status()
                found = mapping(mapping(answer.json()).get("data")).get("result")
                return [float(sequence(sample.get("value"))[1]) for sample in mappings(found)]
        except (httpx.HTTPError, ValueError, IndexError) as error:
            said = str(error) or type(error).__name__
            raise NoAnswerError(f"Prometheus does not answer at {self.url}: {said}") from error


def budgets(metrics: Metrics, slos: list[Slo], environment: str) -> list[dict[str, Any]]:
    """One fact for each SLO: the budget that remains, or why that is missing.

    `exhausted` when the share of bad events is above what the objective allows beyond chance (exact
    lower bound, 95 %): after few events one failure says nothing. A service that is watched and has
    had no event yet has its whole budget.
    """
    return [_budget(metrics, slo, ENVIRONMENT_NAMESPACES[environment]) for slo in slos]


def _budget(metrics: Metrics, slo: Slo, namespace: str) -> dict[str, Any]:
    where = f'namespace="{namespace}"'
    fact: dict[str, Any] = {"slo": slo.name}
    try:
        # Recorded every 15 s as the increase of 5 minutes: each event is in 20 samples.
        remaining = metrics.query(f'slo:error_budget_remaining:ratio{{slo="{slo.name}",{where}}}')
        events = metrics.query(
            f'sum_over_time(slo:total_events:increase5m{{slo="{slo.name}",{where}}}[{WINDOW}]) / 20'
        )
        if not remaining and not events and _watched(metrics, slo, where):
            return fact | {"remaining": 1.0, "events": 0, "exhausted": False}
    except NoAnswerError as error:
        return fact | {"missing": str(error)}
    if len(remaining) != 1 or len(events) != 1 or not math.isfinite(remaining[0] + events[0]):
        return fact | {
            "missing": f"Prometheus has {len(remaining)} budgets and {len(events)} event counts of "
            f"{slo.service} in {namespace}"
        }
    left, total = round(remaining[0], 4), round(events[0])
    bad = min(total, max(0, round((1 - left) * budget(slo) * total)))
    exhausted = lower_bound(bad, total, CONFIDENCE) > budget(slo)
    return fact | {"remaining": left, "events": total, "exhausted": exhausted}


def _watched(metrics: Metrics, slo: Slo, where: str) -> bool:
    return 1.0 in metrics.query(f'up{{service="{slo.service}",{where}}}')
