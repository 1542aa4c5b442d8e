"""Whether a canary may grow: what the gateway counted of both releases, judged by exact tests."""

import importlib
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from ballast.gate.budget import Metrics
from ballast.gate.burn import CONFIDENCE, too_many
from ballast.slo.windows import MINIMUM_EVENTS_TO_PAGE

_stats: Any = importlib.import_module("scipy.stats")
NEEDED: Final = 100  # requests of the canary in one step


class Decision(Enum):
    """What becomes of the canary after a look."""

    GROW = "grow"
    WAIT = "wait"
    REVERT = "revert"


@dataclass(frozen=True)
class Counts:
    """Requests of one release since a step began."""

    failed: int
    total: int


@dataclass(frozen=True)
class Comparison:
    """A decision and the sentence that it rests on."""

    decision: Decision
    reason: str


def compare(canary: Counts, stable: Counts, allowed: float) -> Comparison:
    """Judge a canary; `allowed` is the share of requests that the objective lets fail.

    It goes back when it burns the budget as fast as the fastest page, or fails more often than its
    neighbour beyond chance; it grows after 100 requests without either.
    """
    said = (
        f"canary {canary.failed} of {canary.total} failed, stable {stable.failed} of {stable.total}"
    )
    if canary.total >= MINIMUM_EVENTS_TO_PAGE and too_many(canary.failed, canary.total, allowed):
        return Comparison(Decision.REVERT, f"it burns the error budget: {said}")
    if _worse(canary, stable):
        return Comparison(Decision.REVERT, f"it is worse than the release beside it: {said}")
    if canary.total < NEEDED:
        return Comparison(Decision.WAIT, f"{NEEDED} requests are needed: {said}")
    return Comparison(Decision.GROW, said)


def _worse(canary: Counts, stable: Counts) -> bool:
    table = [
        [canary.failed, canary.total - canary.failed],
        [stable.failed, stable.total - stable.failed],
    ]
    # Failures of both, as when a store is down, are no fault of the canary.
    return bool(_stats.fisher_exact(table, alternative="greater").pvalue < 1 - CONFIDENCE)


def counted(metrics: Metrics, namespace: str, release: str, seconds: float) -> Counts:
    """What the gateways of a namespace passed on to a release lately.

    Raises NoAnswerError when Prometheus cannot be asked.
    """

    def number(more: str) -> int:
        labels = f'namespace="{namespace}",release="{release}"{more}'
        window = f"{max(30.0, seconds):.0f}s"
        found = metrics.query(f"sum(increase(forwarded_requests_total{{{labels}}}[{window}]))")
        return round(sum(found))

    total = number("")
    return Counts(min(total, number(',outcome="failed"')), total)
