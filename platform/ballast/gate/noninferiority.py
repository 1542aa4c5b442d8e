"""Is the new release slower than the old one? Pairs of blocks, compared at fixed looks.

Each latency is divided by the median of its operation and by that of its pair, over both releases:
what the mix and the drift of the host do to both cancels. The quantile is then taken over all pairs
and its error by leaving out one pair after the other (jackknife), because within a pair the noise
is not independent. The error level is spent over the looks in growing shares that add up to it, so
that looking early makes no error more likely (Kim and DeMets, power family of order 3).
"""

import importlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from ballast.gate.verdict import Outcome
from ballast.slo.model import NonInferiority

_t: Any = importlib.import_module("scipy.stats").t

SMOOTHING = 0.02  # the quantile is the mean over this share on either side of it
SPENDING_POWER = 3


@dataclass(frozen=True)
class Timing:
    """One request of the comparison; `pair` counts from 1, `seconds` from the intended start."""

    pair: int
    new: bool
    operation: str
    seconds: float


@dataclass(frozen=True)
class Comparison:
    """The decision after `pairs` pairs: new over old as a share, with its bounds at this look."""

    outcome: Outcome
    pairs: int
    ratio: float
    lower: float
    upper: float
    thin: str = ""  # why the samples allow no comparison


def compare(timings: Iterable[Timing], rule: NonInferiority, pairs: int) -> Comparison:
    """The decision of the first look that decides, out of those that `pairs` pairs allow.

    PASS when the upper bound is within the margin, FAIL when the lower bound is beyond it. After
    the last look it is also FAIL when the new release is slower for certain; else INCONCLUSIVE.
    """
    seen = list(timings)
    found = Comparison(Outcome.INCONCLUSIVE, 0, math.nan, math.nan, math.nan, "no look was reached")
    for look in range(len(rule.look_after_pairs)):
        if rule.look_after_pairs[look] <= pairs:
            found = _look(seen, rule, look)
            if found.outcome is not Outcome.INCONCLUSIVE:
                return found
    return found


def level(rule: NonInferiority, look: int) -> float:
    """Share of the error level that this look may spend."""
    allowed, last = 1 - rule.confidence, rule.look_after_pairs[-1]
    spent = [allowed * (pairs / last) ** SPENDING_POWER for pairs in rule.look_after_pairs]
    return spent[look] - (spent[look - 1] if look else 0.0)


def _look(timings: list[Timing], rule: NonInferiority, look: int) -> Comparison:
    pairs = rule.look_after_pairs[look]
    judged = [timing for timing in timings if timing.pair in range(1, pairs + 1)]
    if thin := _thin(judged, rule, pairs):
        return Comparison(Outcome.INCONCLUSIVE, pairs, math.nan, math.nan, math.nan, thin)
    logs = _without_mix_and_drift(judged)
    new, old = (
        sorted((log, timing.pair) for log, timing in logs if timing.new is side)
        for side in (True, False)
    )

    def difference(left_out: int | None = None) -> float:
        return _quantile(new, rule.quantile, left_out) - _quantile(old, rule.quantile, left_out)

    estimate = difference()
    error = _jackknife([difference(pair) for pair in range(1, pairs + 1)])
    reach = error * float(_t.ppf(1 - level(rule, look), pairs - 1))
    lower, upper, margin = estimate - reach, estimate + reach, math.log1p(rule.margin)
    outcome = Outcome.INCONCLUSIVE
    if upper < margin:
        outcome = Outcome.PASS
    elif lower > margin or (pairs == rule.look_after_pairs[-1] and lower > 0):
        outcome = Outcome.FAIL
    return Comparison(outcome, pairs, math.exp(estimate), math.exp(lower), math.exp(upper))


def _thin(timings: list[Timing], rule: NonInferiority, pairs: int) -> str:
    needed = math.ceil(round(1 / (1 - rule.quantile), 6))
    counts = {(pair, new): 0 for pair in range(1, pairs + 1) for new in (True, False)}
    for timing in timings:
        counts[timing.pair, timing.new] += 1
    (pair, new), fewest = min(counts.items(), key=lambda entry: entry[1])
    if fewest >= needed:
        return ""
    release = "new" if new else "old"
    return f"block {pair} of the {release} release has {fewest} samples, {needed} are needed"


def _without_mix_and_drift(timings: list[Timing]) -> list[tuple[float, Timing]]:
    logs = [(math.log(timing.seconds), timing) for timing in timings]
    keys: tuple[Callable[[Timing], object], ...] = (lambda t: t.operation, lambda t: t.pair)
    for key in keys:
        groups: dict[object, list[float]] = {}
        for log, timing in logs:
            groups.setdefault(key(timing), []).append(log)
        centre = {name: median(group) for name, group in groups.items()}
        logs = [(log - centre[key(timing)], timing) for log, timing in logs]
    return logs


def _quantile(ordered: Sequence[tuple[float, int]], share: float, left_out: int | None) -> float:
    kept = [log for log, pair in ordered if pair != left_out]
    first, end = (share - SMOOTHING) * len(kept), (share + SMOOTHING) * len(kept)
    return fmean(kept[math.floor(first) : math.ceil(end)])


def _jackknife(estimates: Sequence[float]) -> float:
    centre, count = fmean(estimates), len(estimates)
    return math.sqrt((count - 1) / count * sum((each - centre) ** 2 for each in estimates))
