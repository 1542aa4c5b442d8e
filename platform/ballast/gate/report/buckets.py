"""Samples of a run in stretches of equal time, each release for itself."""

from collections.abc import Mapping, Sequence
from typing import Final

from ballast.gate.report.model import Bucket, Latency
from ballast.gate.samples import Sample, quantile
from ballast.gate.schedule import Release

WIDTHS: Final = (1, 2, 5, 10, 15, 30, 60)
MOST: Final = 480  # more than a screen can tell apart


def latency_of(
    samples: Sequence[Sample], began: float, release_of: Mapping[int, Release]
) -> Latency:
    """The samples in buckets of one second, or of as many as it takes to have at most `MOST`.

    `began` is the Unix time of second 0; `release_of` names the release that a request asked, by
    its sequence number.
    """
    width = bucket_seconds(max((s.intended - began for s in samples), default=0.0))
    groups: dict[tuple[int, Release], list[Sample]] = {}
    for sample in samples:
        place = int((sample.intended - began) // width)
        groups.setdefault((place, release_of.get(sample.sequence, "new")), []).append(sample)
    buckets = [
        _bucket(float(place * width), release, inside)
        for (place, release), inside in sorted(groups.items())
    ]
    return Latency(bucket_s=width, buckets=buckets)


def bucket_seconds(seconds: float) -> int:
    """Width of the buckets of a run of so many seconds."""
    return next((width for width in WIDTHS if seconds / width <= MOST), WIDTHS[-1])


def _bucket(at: float, release: Release, inside: Sequence[Sample]) -> Bucket:
    answered = [sample.latency for sample in inside if sample.succeeded]
    return Bucket(
        at_s=at,
        release=release,
        requests=len(inside),
        failed=len(inside) - len(answered),
        p50_ms=_milliseconds(answered, 0.5),
        p95_ms=_milliseconds(answered, 0.95),
    )


def _milliseconds(latencies: Sequence[float], share: float) -> float | None:
    # Without an answer there is no latency, and none is not zero.
    return round(quantile(latencies, share) * 1000, 3) if latencies else None
