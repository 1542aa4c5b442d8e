"""The burn rate of an environment: the pages of its objectives, and a window of one minute.

The pages look back for an hour and five minutes and come late to a release that fails from its
first request. The minute burns as fast as the fastest page and is judged by an exact bound.
"""

from typing import Final

from ballast.gate.binomial import lower_bound
from ballast.gate.budget import Metrics, NoAnswerError
from ballast.gate.vitals import Look
from ballast.names import ENVIRONMENT_NAMESPACES
from ballast.slo.model import Slo
from ballast.slo.rules import bad_events, budget, total_events
from ballast.slo.windows import BURN_RATES, MINIMUM_EVENTS_TO_PAGE

FACTOR: Final = max(rate.factor for rate in BURN_RATES if rate.severity == "page")
WINDOW_SECONDS: Final = 60.0
SCRAPES_SECONDS: Final = 30.0  # two scrapes: an increase needs both
# Someone looks every two seconds: 5 % would be a false alarm in each bake.
CONFIDENCE: Final = 0.999


def too_many(bad: int, total: int, allowed: float) -> bool:
    """Whether failures burn a budget as fast as the fastest page, beyond chance."""
    return lower_bound(bad, total, CONFIDENCE) > FACTOR * allowed


def burn(
    metrics: Metrics,
    slos: list[Slo],
    environment: str,
    *,
    committed: float,
    since: float,
    now: float,
) -> Look:
    """What Prometheus says of an environment; Unix times.

    A page counts when it began after `committed`: one that was there before says nothing of the
    release. Requests count from `since` on, when the release served.
    """
    namespace = ENVIRONMENT_NAMESPACES[environment]
    sick: list[str] = []
    unknown: list[str] = []
    events = 0.0
    for slo in slos:
        try:
            unknown += _blind(metrics, slo, namespace)
            sick += _paged(metrics, slo, namespace, committed)
            sick += _minute(metrics, slo, namespace, now - since)
            if slo.gate and slo.gate.bad_sample == "server-error":
                seconds = max(SCRAPES_SECONDS, now - since)
                events = _number(metrics, total_events(slo, f"{seconds:.0f}s"), namespace)
        except NoAnswerError as error:
            return Look(sick=tuple(sick), unknown=(str(error),))
    return Look(sick=tuple(sick), unknown=tuple(unknown), events=events)


def _blind(metrics: Metrics, slo: Slo, namespace: str) -> list[str]:
    """Why this objective's silence would mean nothing."""
    missing: list[str] = []
    if not metrics.query(f'slo:objective:ratio{{slo="{slo.name}"}}'):
        missing.append(f"Prometheus evaluates no rule of {slo.name}")
    if 1.0 not in metrics.query(f'up{{service="{slo.service}",namespace="{namespace}"}}'):
        missing.append(f"Prometheus reaches no pod of {slo.service} in {namespace}")
    return missing


def _paged(metrics: Metrics, slo: Slo, namespace: str, committed: float) -> list[str]:
    labels = f'severity="page",slo="{slo.name}",namespace="{namespace}"'
    began = metrics.query(f"max(ALERTS_FOR_STATE{{{labels}}})")
    new = [moment for moment in began if moment >= committed]
    return [f"{slo.name} pages since {moment - committed:.0f} s after the commit" for moment in new]


def _minute(metrics: Metrics, slo: Slo, namespace: str, seconds: float) -> list[str]:
    window = f"{min(WINDOW_SECONDS, max(SCRAPES_SECONDS, seconds)):.0f}s"
    total = round(_number(metrics, total_events(slo, window), namespace))
    bad = min(total, round(_number(metrics, bad_events(slo, window), namespace)))
    if total < MINIMUM_EVENTS_TO_PAGE or not too_many(bad, total, budget(slo)):
        return []
    return [f"{slo.name}: {bad} of {total} events of the last {window} failed"]


def _number(metrics: Metrics, expression: str, namespace: str) -> float:
    """The namespace's number of an expression that has one for each namespace; 0 without events."""
    here = f'count by (namespace) (up{{namespace="{namespace}"}})'
    return sum(metrics.query(f"({expression}) and on (namespace) {here}"))
