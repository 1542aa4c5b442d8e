"""Confidence intervals of percentiles by order statistics, for any continuous distribution.

Of n independent values, the number below the p-quantile is binomial B(n, p). So the l-th smallest
lies above the quantile with probability P(B < l), the u-th smallest below it with P(B >= u); l is
the largest rank and u the smallest for which each is at most half of the error level (David and
Nagaraja, Order Statistics, 3rd edition, section 7.1; Hahn and Meeker, Statistical Intervals).
Where n has no such rank there is no bound: 100 values say nothing about how large p99 can be.
"""

import importlib
from collections.abc import Sequence
from typing import Any

from ballast.gate.report.model import Interval
from ballast.gate.samples import quantile

_binom: Any = importlib.import_module("scipy.stats").binom


def ranks(count: int, share: float, confidence: float) -> tuple[int | None, int | None]:
    """Ranks, from 1, of the values that bound the quantile; None where there is no such value."""
    error = (1 - confidence) / 2
    lower = int(_binom.ppf(error, count, share))
    upper = int(_binom.isf(error, count, share)) + 1
    return lower or None, upper if upper <= count else None


def interval(seconds: Sequence[float], share: float, confidence: float) -> Interval | None:
    """The percentile of latencies in milliseconds, None without any."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    lower, upper = ranks(len(ordered), share, confidence)
    return Interval(
        estimate_ms=_milliseconds(quantile(ordered, share)),
        lower_ms=_milliseconds(ordered[lower - 1]) if lower else None,
        upper_ms=_milliseconds(ordered[upper - 1]) if upper else None,
    )


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
