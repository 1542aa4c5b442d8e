"""Who asks which release for what, when: the open-model arrivals of a run, fixed by their seed."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Arrivals = Literal["poisson", "constant"]
Release = Literal["new", "old"]
Operation = Literal[
    "create", "list", "get", "update", "complete", "delete",
    "recurring", "chat", "remind", "register", "login",
]  # fmt: skip
Weights = dict[Operation, Annotated[int, Field(ge=0)]]


class Segment(BaseModel):
    """A stretch of a run, asking one release at a rate that moves evenly from `rate` to `to_rate`.

    `pair` is the pair of blocks that it belongs to, 0 outside the comparison; `judged` says whether
    the objectives are judged on it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float
    rate: float
    to_rate: float
    release: Release = "new"
    pair: int = 0
    judged: bool = False


@dataclass(frozen=True)
class Arrival:
    """One intended request: seconds after the start of the run, user index, operation, segment."""

    sequence: int
    at: float
    user: int
    operation: Operation
    segment: int


class Schedule(BaseModel):
    """All that decides a run's requests; equal schedules make equal requests.

    Users take turns in a shuffled order, so that no user exceeds its share of the rate; while the
    rate is below its peak, as many users fewer take part.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int
    segments: tuple[Segment, ...]
    users: int
    mix: Weights
    model: Arrivals = "poisson"

    def arrivals(self, old_until: int | None = None) -> list[Arrival]:
        """The intended requests; without those to the old release after pair `old_until`."""
        full, starts = self.starts(), self.starts(old_until)
        return [
            replace(arrival, at=arrival.at - full[arrival.segment] + starts[arrival.segment])
            for arrival in self._all()
            if not _ended(self.segments[arrival.segment], old_until)
        ]

    def starts(self, old_until: int | None = None) -> list[float]:
        """Seconds at which each segment begins, and at which the last one ends."""
        starts = [0.0]
        for segment in self.segments:
            starts.append(starts[-1] + (0.0 if _ended(segment, old_until) else segment.seconds))
        return starts

    def judged(self, old_until: int | None = None) -> tuple[float, float]:
        """Seconds between which the objectives are judged."""
        starts = self.starts(old_until)
        judged = [index for index, segment in enumerate(self.segments) if segment.judged]
        return starts[judged[0]], starts[judged[-1] + 1]

    def end_of_pair(self, pair: int) -> float:
        """Seconds after which both blocks of a pair are over."""
        last = max(index for index, segment in enumerate(self.segments) if segment.pair == pair)
        return self.starts()[last + 1]

    def _all(self) -> list[Arrival]:
        chance = random.Random(self.seed)  # noqa: S311 - reproducible on purpose
        operations, weights = list(self.mix), list(self.mix.values())
        peak = max(max(segment.rate, segment.to_rate) for segment in self.segments)
        turns: dict[Release, list[int]] = {"new": [], "old": []}
        planned: list[Arrival] = []
        for index, (segment, start) in enumerate(zip(self.segments, self.starts(), strict=False)):
            for at in _times(segment, self.model, chance):
                waiting = turns[segment.release]
                if not waiting:
                    rate = segment.rate + (segment.to_rate - segment.rate) * at / segment.seconds
                    active = math.ceil(self.users * rate / peak)
                    waiting += chance.sample(range(active), active)
                planned.append(
                    Arrival(
                        sequence=len(planned),
                        at=start + at,
                        user=waiting.pop(),
                        operation=chance.choices(operations, weights)[0],
                        segment=index,
                    )
                )
        return planned


def _ended(segment: Segment, old_until: int | None) -> bool:
    return old_until is not None and segment.release == "old" and segment.pair > old_until


def _times(segment: Segment, model: Arrivals, chance: random.Random) -> Sequence[float]:
    """Seconds after the segment's start, by the inverse of its cumulated rate."""
    times: list[float] = []
    slope = (segment.to_rate - segment.rate) / segment.seconds
    expected = 0.0
    while True:
        expected += chance.expovariate(1) if model == "poisson" else 1.0
        if slope == 0:
            at = expected / segment.rate
        else:
            inside = segment.rate**2 + 2 * slope * expected
            at = (math.sqrt(inside) - segment.rate) / slope if inside >= 0 else segment.seconds
        if at >= segment.seconds:
            return times
        times.append(at)
