"""What the raw samples of a run show: the judged time, latency over time, percentiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ballast.errors import BallastError
from ballast.gate.load import LoadRun, OldRelease
from ballast.gate.plan import Plan
from ballast.gate.regression import FAILED_SECONDS, timings_of
from ballast.gate.report.buckets import latency_of
from ballast.gate.report.intervals import interval
from ballast.gate.report.model import Check, Latency, Percentile, Percentiles
from ballast.gate.run_folder import RunFolder
from ballast.gate.samples import Sample, read_samples, within
from ballast.gate.schedule import Release

SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Measured:
    """Null parts have their reason in `absent`."""

    judged_s: tuple[float, float] | None = None
    cut_off: bool = False  # the run ended before its judged time did
    latency: Latency | None = None
    percentiles: Percentiles | None = None
    absent: list[str] = field(default_factory=list[str])


def measured(
    folder: RunFolder,
    plan: Plan,
    checks: Mapping[str, Check],
    *,
    began: float | None,
    finished: bool,
) -> Measured:
    """Everything of the samples; `began` is the Unix time of the schedule's zero, if it began."""
    load = _load_of(folder, plan)
    if began is None:
        return Measured(absent=["latency: no load was begun"])
    try:
        samples = read_samples(load.samples)
    except BallastError as unreadable:
        return Measured(absent=[f"latency: {unreadable}"])
    if not samples:
        return Measured(absent=["latency: the load left no sample"])
    segments = load.schedule.segments
    release_of: dict[int, Release] = {
        a.sequence: segments[a.segment].release for a in load.schedule.arrivals()
    }
    start, end = load.schedule.judged(load.old_until)
    last = samples[-1].intended - began
    cut_off = not finished and last < end
    judged = (start, last if cut_off else end) if start < last else None
    percentiles, why = _percentiles(plan, load, checks, samples, began)
    return Measured(
        judged_s=judged,
        cut_off=cut_off,
        latency=latency_of(samples, began, release_of),
        percentiles=percentiles,
        absent=[why] if why else [],
    )


def _load_of(folder: RunFolder, plan: Plan) -> LoadRun:
    old = OldRelease("", (), plan.baseline.pairs) if plan.baseline else None
    tokens = [""] * plan.shape.users
    return LoadRun(folder.name, folder.path, "", plan.seed, plan.shape, tokens, old)


def _percentiles(
    plan: Plan,
    load: LoadRun,
    checks: Mapping[str, Check],
    samples: Sequence[Sample],
    began: float,
) -> tuple[Percentiles | None, str]:
    """The percentiles, and what is absent of them."""
    if plan.baseline is None:
        start, end = load.schedule.judged()
        judged = within(samples, began + start, began + end)
        new = [s.latency if s.succeeded else FAILED_SECONDS for s in judged]
        return _rows(new, []), "the old release: this run compared with none"
    check = checks.get(plan.baseline.check)
    pairs = check.figures.get("pairs") if check else None
    if not isinstance(pairs, int):
        return None, "percentiles: the comparison of old and new was not judged"
    timings = [t for t in timings_of(load.schedule, samples) if t.pair <= pairs]
    new = [timing.seconds for timing in timings if timing.new]
    old = [timing.seconds for timing in timings if not timing.new]
    return _rows(new, old), "" if old else "the old release: it was asked nothing"


def _rows(new: Sequence[float], old: Sequence[float]) -> Percentiles | None:
    if not new and not old:
        return None
    return Percentiles(
        confidence=CONFIDENCE,
        new_samples=len(new),
        old_samples=len(old),
        rows=[
            Percentile(
                name=name,
                new=interval(new, share, CONFIDENCE),
                old=interval(old, share, CONFIDENCE),
            )
            for name, share in SHARES.items()
        ],
    )
