"""Exact (Clopper-Pearson) bounds on the share of bad events, and the samples a proof needs."""

import importlib
from typing import Any

_beta: Any = importlib.import_module("scipy.stats").beta


def upper_bound(bad: int, total: int, confidence: float) -> float:
    """Largest share of bad events that `bad` of `total` does not rule out; 1 without samples."""
    _check(bad, total)
    if bad == total:
        return 1.0
    return float(_beta.ppf(confidence, bad + 1, total - bad))


def lower_bound(bad: int, total: int, confidence: float) -> float:
    """Smallest share of bad events that `bad` of `total` does not rule out; 0 without a bad one."""
    _check(bad, total)
    if bad == 0:
        return 0.0
    return float(_beta.ppf(1 - confidence, bad, total - bad + 1))


def needed_samples(target: float, confidence: float, bad: int = 0) -> int:
    """Fewest samples that prove `target` (share of good events) although `bad` of them failed."""
    allowed = 1 - target
    low, high = bad, bad or 1
    while upper_bound(bad, high, confidence) > allowed:
        low, high = high, high + high
    while high - low > 1:
        middle = (low + high) // 2
        if upper_bound(bad, middle, confidence) > allowed:
            low = middle
        else:
            high = middle
    return high


def _check(bad: int, total: int) -> None:
    if not 0 <= bad <= total:
        raise ValueError(f"{bad} bad events of {total} is impossible")
