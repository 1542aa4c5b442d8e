"""Verdicts on the steady window: was the generator honest, and do the objectives hold?"""

import math
from dataclasses import dataclass

from ballast.gate.binomial import lower_bound, needed_samples, upper_bound
from ballast.gate.samples import Sample, failures_by_answer, quantile
from ballast.gate.verdict import Figure, Outcome, Verdict
from ballast.slo.model import Slo

LAG_SHARE_OF_THRESHOLD = 0.1
CPU_LIMIT = 0.85
GENERATOR_CHECK = "load/generator"


@dataclass(frozen=True)
class Generator:
    """What the load generator did: requests planned, samples written, share of a core used."""

    planned: int
    written: int
    cpu: float


def judge_generator(
    steady: list[Sample], generator: Generator, latency_threshold: float
) -> Verdict:
    """INCONCLUSIVE when the generator, and not the system, may have shaped the figures."""
    lag = quantile((sample.lag for sample in steady), 0.99)
    late_after = LAG_SHARE_OF_THRESHOLD * latency_threshold
    late = sum(sample.lag > late_after for sample in steady)
    figures: dict[str, Figure] = {
        "planned": generator.planned,
        "written": generator.written,
        "steady": len(steady),
        "late_starts": late,
        "lag_p99_ms": round(lag * 1000, 2),
        # NaN is no JSON: a record with it could not be decided on.
        "cpu_share": round(generator.cpu, 3) if math.isfinite(generator.cpu) else "unknown",
    }

    def verdict(outcome: Outcome, reason: str) -> Verdict:
        return Verdict(GENERATOR_CHECK, outcome, reason, dict(figures))

    if not steady:
        return verdict(Outcome.VACUOUS, "the load left no sample in the steady window")
    if generator.written != generator.planned:
        return verdict(
            Outcome.INCONCLUSIVE,
            f"{generator.written} samples of {generator.planned} planned requests: "
            f"{abs(generator.planned - generator.written)} are missing or surplus",
        )
    if not math.isfinite(generator.cpu) or generator.cpu > CPU_LIMIT:
        return verdict(
            Outcome.INCONCLUSIVE,
            f"the generator used {generator.cpu:.0%} of a core (limit {CPU_LIMIT:.0%}): "
            "it was the bottleneck",
        )
    if lag > late_after:
        return verdict(
            Outcome.INCONCLUSIVE,
            f"the generator started its p99 request {lag * 1000:.0f} ms late "
            f"(limit {late_after * 1000:.0f} ms): it was the bottleneck",
        )
    return verdict(
        Outcome.PASS,
        f"all {generator.planned} planned requests were sent, p99 start {lag * 1000:.1f} ms late",
    )


def judge_slo(slo: Slo, steady: list[Sample]) -> Verdict:
    """PASS when the exact upper bound of the bad share meets the target, FAIL when the lower
    bound already misses it, INCONCLUSIVE between the two.
    """
    if slo.gate is None:
        raise ValueError(f"{slo.name} has no LoadGate document, so no run can judge it")
    check, confidence, allowed = f"slo/{slo.name}", slo.gate.confidence, 1 - slo.target
    bad = sum(is_bad(sample, slo.gate.threshold_seconds) for sample in steady)
    total = len(steady)
    needed = needed_samples(slo.target, confidence, bad)
    upper, lower = upper_bound(bad, total, confidence), lower_bound(bad, total, confidence)
    figures = {
        "samples": total,
        "bad": bad,
        "needed": needed,
        "upper_bound": round(upper, 6),
        "lower_bound": round(lower, 6),
        "allowed": round(allowed, 6),
        "p50_ms": round(quantile((s.latency for s in steady), 0.5) * 1000, 1),
        "p95_ms": round(quantile((s.latency for s in steady), 0.95) * 1000, 1),
        "p99_ms": round(quantile((s.latency for s in steady), 0.99) * 1000, 1),
    }
    seen = f"{bad} of {total} requests {_what(slo.gate.threshold_seconds)}"
    detail = failures_by_answer(steady)
    seen += f" ({detail})" if bad and detail else ""
    if total == 0:
        return Verdict(check, Outcome.VACUOUS, "no sample in the steady window", dict(figures))
    if upper <= allowed:
        outcome = Outcome.PASS
        reason = f"{seen}; at most {upper:.3%} at {confidence:.0%}, {allowed:.3%} allowed"
    elif lower > allowed:
        outcome = Outcome.FAIL
        reason = f"{seen}; at least {lower:.3%} at {confidence:.0%}, {allowed:.3%} allowed"
    else:
        outcome = Outcome.INCONCLUSIVE
        reason = f"{seen}; {needed} samples are needed to prove {slo.target:.3%}"
    return Verdict(check, outcome, reason, dict(figures))


def is_bad(sample: Sample, threshold: float | None) -> bool:
    """Whether a sample is bad for an objective; `threshold` seconds when it is one of latency.

    A fast refusal is not a fast answer: what failed is bad for latency as well.
    """
    return not sample.succeeded or (threshold is not None and sample.latency > threshold)


def _what(threshold: float | None) -> str:
    return "failed" if threshold is None else f"failed or took over {threshold * 1000:.0f} ms"
