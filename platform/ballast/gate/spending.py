"""What a run took from the error budgets of its objectives, counted as its load saw it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from ballast.gate.judge import is_bad
from ballast.gate.samples import Sample, within
from ballast.slo.model import Slo


class Spent(BaseModel):
    """Bad requests of a run to the new release against what the objective allows.

    `allowed` is what so many requests may cost, a share of 1 of it (`of_run`) the rate at which a
    budget lasts for exactly its window. `of_window` is the share of the 30 days' budget of the
    environment, `remaining` what is left of that; null when `missing` says why nobody knows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    slo: str
    target: float
    requests: int
    bad: int
    bad_judged: int
    allowed: float
    of_run: float | None
    of_window: float | None = None
    remaining: float | None = None
    missing: str = ""


def spent(
    slos: Sequence[Slo],
    samples: Sequence[Sample],
    judged: tuple[float, float],
    budgets: Sequence[Mapping[str, Any]],
) -> list[Spent]:
    """What each SLO with a LoadGate lost to all requests of the new release.

    `judged` are the Unix seconds of the judged time, `budgets` what Prometheus has of each SLO.
    """
    known = {str(fact["slo"]): fact for fact in budgets}
    return [_spent(slo, samples, judged, known.get(slo.name, {})) for slo in slos if slo.gate]


def _spent(
    slo: Slo, samples: Sequence[Sample], judged: tuple[float, float], fact: Mapping[str, Any]
) -> Spent:
    threshold = slo.gate.threshold_seconds if slo.gate else None
    bad = [sample for sample in samples if is_bad(sample, threshold)]
    share = 1 - slo.target
    allowed, window = share * len(samples), share * fact.get("events", 0)
    return Spent(
        slo=slo.name,
        target=slo.target,
        requests=len(samples),
        bad=len(bad),
        bad_judged=len(within(bad, *judged)),
        allowed=round(allowed, 3),
        of_run=round(len(bad) / allowed, 4) if allowed else None,
        of_window=round(len(bad) / window, 6) if window else None,
        remaining=fact.get("remaining"),
        missing=_missing(fact),
    )


def _missing(fact: Mapping[str, Any]) -> str:
    if not fact:
        return "Prometheus was not asked"
    if "missing" in fact:
        return str(fact["missing"])
    return "" if fact["events"] else "Prometheus has counted no event in 30 days"
