"""Verdict on the new release beside the old one, from the samples of their blocks."""

import math
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from ballast.gate.noninferiority import Timing, compare
from ballast.gate.samples import Sample, quantile
from ballast.gate.schedule import Schedule
from ballast.gate.verdict import Figure, Outcome, Verdict
from ballast.slo.model import NonInferiority

FAILED_SECONDS = 10.0  # what failed counts as slow, so that a fast refusal is no fast answer


class Baseline(BaseModel):
    """The release to compare with: its images, and the rule of the SLO that asks for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slo: str
    rule: NonInferiority
    images: dict[str, str]

    @property
    def check(self) -> str:
        """Name of the check."""
        return f"regression/{self.slo}"

    @property
    def pairs(self) -> int:
        """Pairs of blocks at most."""
        return self.rule.look_after_pairs[-1]


def timings_of(schedule: Schedule, samples: Sequence[Sample]) -> list[Timing]:
    """The samples that lie in pairs of blocks. A failed one of the new release took
    `FAILED_SECONDS`; one of the old release is left out, or any release would be fast beside it.
    """
    segments = {a.sequence: schedule.segments[a.segment] for a in schedule.arrivals()}
    return [
        Timing(
            segment.pair,
            segment.release == "new",
            sample.operation,
            sample.latency if sample.succeeded else FAILED_SECONDS,
        )
        for sample in samples
        for segment in [segments.get(sample.sequence)]
        if segment and segment.pair and (sample.succeeded or segment.release == "new")
    ]


def judge_regression(
    baseline: Baseline, images: dict[str, str], timings: Sequence[Timing], pairs: int
) -> Verdict:
    """PASS when the new release is shown to be slower by less than the margin, if at all."""
    rule = baseline.rule
    found = compare(timings, rule, pairs)
    judged = [timing for timing in timings if timing.pair <= found.pairs]
    sides = {
        name: [timing.seconds for timing in judged if timing.new is new]
        for name, new in (("new", True), ("old", False))
    }
    figures: dict[str, Figure] = {"pairs": found.pairs, "margin": rule.margin}
    for name, seconds in sides.items():
        figures[f"{name}_samples"] = len(seconds)
        figures[f"{name}_ms"] = round(quantile(seconds, rule.quantile) * 1000, 1)

    def verdict(outcome: Outcome, reason: str) -> Verdict:
        return Verdict(baseline.check, outcome, reason, figures)

    if not all(sides.values()):
        return verdict(Outcome.VACUOUS, "no look at old and new side by side was reached")
    if math.isnan(found.ratio):
        return verdict(Outcome.INCONCLUSIVE, found.thin)
    figures |= {
        "slower": round(found.ratio - 1, 4),
        "lower_bound": round(found.lower - 1, 4),
        "upper_bound": round(found.upper - 1, 4),
    }
    same = "A/A, both run the same images: " if baseline.images == images else ""
    return verdict(
        found.outcome,
        f"{same}p{rule.quantile * 100:g} {found.ratio - 1:+.1%} against the old release "
        f"({found.lower - 1:+.1%} to {found.upper - 1:+.1%}) after {found.pairs} pairs; "
        f"{rule.margin:+.0%} allowed",
    )
