"""Histograms from metrics pages: the difference of two readings, and quantiles of it."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

Labels = tuple[tuple[str, str], ...]
Page = Mapping[str, Mapping[Labels, float]]
"""Values by sample name and labels."""


def read_page(text: str) -> Page:
    """All samples of a page in Prometheus text format; raises ValueError for other text."""
    page: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = tuple(sorted(sample.labels.items()))
            page.setdefault(sample.name, {})[labels] = sample.value
    return page


def total(pages: Iterable[Page], name: str, **labels: str) -> float:
    """The sum of a sample over pages and all labels that are not asked for."""
    wanted = set(labels.items())
    return sum(
        value
        for page in pages
        for found, value in page.get(name, {}).items()
        if wanted <= set(found)
    )


@dataclass(frozen=True)
class Histogram:
    """How many observations were at most each bound; the last bound is infinity."""

    cumulative: Mapping[float, float] = field(default_factory=dict[float, float])

    @property
    def count(self) -> float:
        """All observations."""
        return self.cumulative.get(math.inf, 0.0)

    def since(self, earlier: "Histogram") -> "Histogram":
        """What came after an earlier reading. Raises ValueError when a counter began anew."""
        new = {b: n - earlier.cumulative.get(b, 0.0) for b, n in self.cumulative.items()}
        if min(new.values(), default=0.0) < 0 or earlier.count > self.count:
            raise ValueError("a process was restarted between two readings of its histogram")
        return Histogram(new)

    def quantile(self, share: float) -> float:
        """The value that `share` of the observations do not exceed, even within its bucket.

        Infinite when it lies above the last bound, NaN without observations.
        """
        if not self.count:
            return math.nan
        rank, below, counted = share * self.count, 0.0, 0.0
        for bound in sorted(self.cumulative):
            reached = self.cumulative[bound]
            if reached >= rank and reached > counted:
                if math.isinf(bound):
                    return math.inf
                return below + (bound - below) * max(rank - counted, 0.0) / (reached - counted)
            below, counted = bound, max(counted, reached)
        return math.inf


def histogram(pages: Iterable[Page], name: str, **labels: str) -> Histogram:
    """The histogram `name`, summed over pages and over all labels that are not asked for."""
    wanted = set(labels.items())
    cumulative: dict[float, float] = {}
    for page in pages:
        for found, value in page.get(f"{name}_bucket", {}).items():
            if wanted <= set(found):
                bound = float(dict(found)["le"])
                cumulative[bound] = cumulative.get(bound, 0.0) + value
    return Histogram(cumulative)
