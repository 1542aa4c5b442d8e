"""What a report says, as report.json holds it. Every other form is drawn from this alone.

Seconds count from the first request that was due (`zero`, Unix seconds), or from the start of a run
that made none. What is not known is null, and `absent` says why.
"""

import math
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from ballast.gate.schedule import Release
from ballast.gate.spending import Spent
from ballast.gate.verdict import Figure, Outcome

VERSION = "ballast.dev/gate-report/v1"
Headline = Literal[
    "PASS", "FAIL", "VACUOUS", "INCONCLUSIVE", "REFUSED", "REVERTED", "INTERRUPTED", "RUNNING"
]  # what a run came to, and where it did not come to its end or was not let in, that
State = Literal["finished", "interrupted", "running"]


class Part(BaseModel):
    """A frozen mapping that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _finite(figure: object) -> object:
    # JSON has no number for it, and it is not to turn into a null that reads as nothing.
    return str(figure) if isinstance(figure, float) and not math.isfinite(figure) else figure


_URGENCY = (Outcome.FAIL, Outcome.VACUOUS, Outcome.INCONCLUSIVE, None, Outcome.PASS)


class Check(Part):
    """One check of the plan; without an outcome nothing was concluded."""

    name: str
    outcome: Outcome | None
    reason: str
    figures: dict[str, Annotated[Figure, BeforeValidator(_finite)]] = {}

    @property
    def urgency(self) -> int:
        """Its place among others: what is wrong comes first, what passed comes last."""
        return _URGENCY.index(self.outcome)


class Bucket(Part):
    """Requests of one release in a stretch of time; percentiles are of those answered."""

    at_s: float
    release: Release
    requests: int
    failed: int
    p50_ms: float | None
    p95_ms: float | None


class Latency(Part):
    """The run in buckets of `bucket_s` seconds."""

    bucket_s: int
    buckets: list[Bucket]


class Interval(Part):
    """A percentile with what bounds it; a bound is null when the samples allow none."""

    estimate_ms: float
    lower_ms: float | None
    upper_ms: float | None


class Percentile(Part):
    """One percentile of the new release and, where it was compared, of the old one."""

    name: str
    new: Interval | None
    old: Interval | None


class Percentiles(Part):
    """Percentiles of the same requests that the verdict on the comparison rests on."""

    confidence: float
    new_samples: int
    old_samples: int
    rows: list[Percentile]


class Fault(Part):
    """One experiment in time. `never_recovered` tells it from a recovery that nobody measured."""

    name: str
    title: str
    start_s: float
    end_s: float
    window_end_s: float
    first_failed_s: float | None = None
    proven_s: float | None = None
    detected_after_s: float | None = None
    recovered_after_s: float | None = None
    never_recovered: bool = False

    @property
    def over_s(self) -> float:
        """When its effect was over; the end of its window while nobody knows."""
        if self.recovered_after_s is None:
            return self.window_end_s
        return self.end_s + self.recovered_after_s


class Moment(Part):
    """Something that happened; `fault` names the experiment that it belongs to."""

    at_s: float
    event: str
    fault: str = ""


class LedgerClass(Part):
    """One class of violations: how many the load's ledger and the history found, and which.

    Null where that ledger does not look for the class, or was not read.
    """

    name: str
    load: int | None
    history: int | None
    examples: list[str]

    @property
    def total(self) -> int | None:
        """What both found; None when neither looked."""
        counts = [each for each in (self.load, self.history) if each is not None]
        return sum(counts) if counts else None


class Ledgers(Part):
    """What the two ledgers rest on, null where they were not read, and what they found."""

    acknowledged: int | None
    matched: int | None
    unacknowledged: int | None
    writes: int | None
    reads: int | None
    unknown: int | None
    classes: list[LedgerClass]


class Decision(Part):
    """What the policy said of the promotion; `commit` is empty when nothing was committed.

    `undone` says why the commit was reverted, if it was.
    """

    target: str
    allow: bool
    reasons: list[str]
    commit: str = ""
    undone: str = ""


class Reproduction(Part):
    """How to make the same run again, and digests of what it rests on."""

    command: str
    seed: int
    images: dict[str, str]
    old_images: dict[str, str]
    configuration: dict[str, str]
    files: dict[str, str]


class Report(Part):
    """A run as it is reported."""

    version: Literal["ballast.dev/gate-report/v1"] = VERSION
    run: str
    source: str
    target: str
    state: State
    outcome: Outcome
    headline: Headline
    why: list[str]
    absent: list[str]
    zero: float | None
    seconds: float | None
    judged_s: tuple[float, float] | None
    checks: list[Check]
    latency: Latency | None
    percentiles: Percentiles | None
    faults: list[Fault]
    timeline: list[Moment]
    ledgers: Ledgers
    spent: list[Spent]
    decision: Decision | None
    folder: str
    evidence: str
    reproduction: Reproduction
