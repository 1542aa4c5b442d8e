"""How often the comparison of releases is wrong: simulated runs whose truth is known.

python benchmarks/gate_operating_characteristics.py     one table; 1 when a target is missed

Each run has the blocks of loadtests/steady.yaml and the rule of slo/gateway-latency.yaml. Latency:
four operations with log-normal noise, the host's drift (a wave of 1 to 10 minutes and a random
walk), noise that lasts (AR(1) from request to request) and stalls of 0.2 to 0.8 s in which
everything takes 2 to 4 times as long. The harsh hosts show what the rule does where it is not at
home: it must become undecided there, not wrong.
"""

import sys
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.signal import lfilter

from ballast.gate.binomial import lower_bound, upper_bound
from ballast.gate.noninferiority import Timing, compare
from ballast.gate.shape import load_shape
from ballast.gate.verdict import Outcome
from ballast.paths import repository_root
from ballast.slo.model import load_slos

OPERATIONS = (
    ("create", 0.030, 0.30),
    ("list", 0.020, 0.25),
    ("get", 0.015, 0.30),
    ("complete", 0.030, 0.15),
)
SHAPE = load_shape(repository_root() / "loadtests" / "steady.yaml")
RULE = next(
    slo.gate.non_inferiority for slo in load_slos() if slo.gate and slo.gate.non_inferiority
)
PAIRS = RULE.look_after_pairs[-1]
RATE, NEW_SECONDS = SHAPE.peak_rate, SHAPE.judged_seconds / PAIRS
OLD_SECONDS = SHAPE.old_block_seconds or 0.0
TARGET, CONFIDENCE = 0.05, 0.95


@dataclass(frozen=True)
class Host:
    """How a host disturbs: shares of latency, and how much of the noise the next request keeps."""

    name: str
    noise: float
    lasting: float
    kept: float
    drift: float


STANDARD = Host("standard", noise=0.3, lasting=0.15, kept=0.8, drift=0.15)
HARSH = (
    Host("twice the noise and drift", noise=0.5, lasting=0.25, kept=0.8, drift=0.3),
    Host("noise that lasts 50 requests", noise=0.3, lasting=0.25, kept=0.98, drift=0.15),
)
CASES = [
    *((STANDARD, slower, 300) for slower in (0.0, 0.1, 0.2, 0.3)),
    *((host, slower, 120) for host in HARSH for slower in (0.0, 0.2)),
]


def simulated(chance: np.random.Generator, host: Host, slower: float) -> list[Timing]:
    """The requests of one run in which the new release is `slower` by this share."""
    blocks: list[tuple[int, bool]] = []
    for pair in range(1, PAIRS + 1):
        blocks += [(pair, True), (pair, False)] if pair % 2 else [(pair, False), (pair, True)]
    lengths = np.array([NEW_SECONDS if new else OLD_SECONDS for _, new in blocks])
    ends = np.cumsum(lengths)
    total = float(ends[-1])
    at = np.sort(chance.uniform(0, total, chance.poisson(total * RATE)))
    block = np.searchsorted(ends, at, side="right")
    chosen = chance.choice(len(OPERATIONS), len(at), p=[share for _, _, share in OPERATIONS])
    log = np.log(np.array([base for _, base, _ in OPERATIONS])[chosen])
    log = log + disturbance(chance, host, at) + chance.normal(0, host.noise, len(at))
    log = log + np.log1p(slower) * np.array([new for _, new in blocks])[block]
    return [
        Timing(*blocks[index], OPERATIONS[operation][0], float(seconds))
        for index, operation, seconds in zip(block, chosen, np.exp(log), strict=True)
    ]


def disturbance(chance: np.random.Generator, host: Host, at: np.ndarray) -> np.ndarray:
    """What the host adds to the logarithm of each latency, whichever release is asked."""
    wave = np.sin(2 * np.pi * at / chance.uniform(60, 600) + chance.uniform(0, 2 * np.pi))
    seconds = np.arange(0, at[-1] + 2)
    walk = np.cumsum(chance.normal(0, 1, len(seconds))) / np.sqrt(len(seconds))
    fresh = chance.normal(0, np.sqrt(1 - host.kept**2), len(at))
    lasting = lfilter([1], [1, -host.kept], fresh)
    stalls = np.zeros(len(at))
    start = chance.exponential(40)
    while start < at[-1]:
        inside = (at >= start) & (at < start + chance.uniform(0.2, 0.8))
        stalls[inside] = np.log(chance.uniform(2, 4))
        start += chance.exponential(40)
    return host.drift * (wave + np.interp(at, seconds, walk)) + host.lasting * lasting + stalls


def main() -> int:
    began, missed = time.monotonic(), []
    table = Table("host", "new release", "runs", *(o.value for o in SHOWN), "pairs played")
    for number, (host, slower, runs) in enumerate(CASES):
        chance = np.random.default_rng([number, runs])
        found = [compare(simulated(chance, host, slower), RULE, PAIRS) for _ in range(runs)]
        counts = Counter(comparison.outcome for comparison in found)
        name = f"+{slower:.0%}" if slower else "the same (A/A)"
        pairs = sum(comparison.pairs for comparison in found) / runs
        shares = [share(counts[outcome], runs) for outcome in SHOWN]
        table.add_row(host.name, name, str(runs), *shares, f"{pairs:.1f}")
        passed = counts[Outcome.PASS]
        if host is STANDARD and slower == 0.0:
            missed += off_target("A/A runs that do not pass", runs - passed, runs)
        if slower >= 0.2:
            missed += off_target(f"{host.name}: {name} that passes", passed, runs)
    Console(width=120).print(table)
    print(
        f"margin {RULE.margin:.0%}, looks {RULE.look_after_pairs}, {time.monotonic() - began:.0f} s"
    )
    print(
        "\n".join(missed)
        or f"each wrong answer is rarer than {TARGET:.0%}, or not shown to be oftener"
    )
    return int(bool(missed))


SHOWN = (Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE)


def share(count: int, runs: int) -> str:
    """A share with its two-sided 95 % interval."""
    low, high = (bound(count, runs, 0.975) for bound in (lower_bound, upper_bound))
    return f"{count / runs:.1%} ({low:.1%} to {high:.1%})"


def off_target(what: str, count: int, runs: int) -> list[str]:
    """A sentence when the share is above the target, and more than chance can explain."""
    if count / runs <= TARGET or lower_bound(count, runs, CONFIDENCE) <= TARGET:
        return []
    return [f"MISSED {what}: {count} of {runs}"]


if __name__ == "__main__":
    sys.exit(main())
