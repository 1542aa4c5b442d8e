"""Raw samples of a load run: one row for each intended request, written by the generator."""

import csv
import hashlib
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from ballast.errors import BallastError

NO_ANSWER = 0
EARLY_SECONDS = 1.0  # a timer may fire a moment early, a clock that was set is off by more


@dataclass(frozen=True)
class Sample:
    """One request. Times are Unix seconds; status 0 means that no answer came.

    `key` is the unique title of a create, `task_id` what the API acknowledged it with.
    """

    sequence: int
    operation: str
    user: int
    intended: float
    started: float
    ended: float
    status: int
    error: str
    key: str
    task_id: str

    @property
    def latency(self) -> float:
        """Seconds from the intended start to the end, so that a late start is not forgiven."""
        return self.ended - self.intended

    @property
    def lag(self) -> float:
        """Seconds by which the generator itself started late."""
        return max(0.0, self.started - self.intended)

    @property
    def succeeded(self) -> bool:
        """Whether the answer was a success; the scenario asks for nothing that may be refused."""
        return 200 <= self.status < 300


COLUMNS = tuple(field.name for field in fields(Sample))


def read_samples(path: Path) -> list[Sample]:
    """Samples in intended order. Raises BallastError naming the line that is not a sample, or the
    request that has two.

    A last line without its newline is still being written and is left out.
    """
    if not path.exists():
        raise BallastError(f"no raw samples at {path}", "Run the gate again: the load left none.")
    text = path.read_text()
    lines = text[: text.rfind("\n") + 1].splitlines()
    if not lines or tuple(next(csv.reader(lines))) != COLUMNS:
        raise BallastError(f"{path} has no sample header", "Run the gate again.")
    samples = [_parse(row, number, path) for number, row in enumerate(csv.reader(lines[1:]), 2)]
    for sequence, rows in Counter(sample.sequence for sample in samples).items():
        if rows > 1:
            # Equal numbers of requests and rows would hide that another request has none.
            raise BallastError(
                f"{path} has {rows} samples of request {sequence}", "Run the gate again."
            )
    return sorted(samples, key=lambda sample: sample.intended)


def _parse(row: list[str], number: int, path: Path) -> Sample:
    try:
        sequence, operation, user, intended, started, ended, status, error, key, task_id = row
        sample = Sample(
            int(sequence),
            operation,
            int(user),
            float(intended),
            float(started),
            float(ended),
            int(status),
            error,
            key,
            task_id,
        )
        _check_times(sample)
    except ValueError as wrong:
        raise BallastError(
            f"{path}:{number} is not a sample: {wrong}", "The file was altered; run the gate again."
        ) from wrong
    return sample


def _check_times(sample: Sample) -> None:
    """A latency that is no number, or below zero, would count as a fast answer."""
    if not all(map(math.isfinite, (sample.intended, sample.started, sample.ended))):
        raise ValueError("its times are no numbers")
    if sample.started < sample.intended - EARLY_SECONDS:
        raise ValueError("it started before it was due: a clock was set")
    if sample.ended < sample.started:
        raise ValueError("it ended before it started: a clock was set")


def within(samples: Iterable[Sample], start: float, end: float) -> list[Sample]:
    """Samples whose intended start lies in [start, end)."""
    return [sample for sample in samples if start <= sample.intended < end]


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed; 0 without values."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return ordered[max(1, math.ceil(share * len(ordered))) - 1]


def failures_by_answer(samples: Iterable[Sample]) -> str:
    """Failed requests grouped for a sentence, such as `12 x 503, 3 x no answer`."""
    counted = Counter(
        str(sample.status) if sample.status != NO_ANSWER else "no answer"
        for sample in samples
        if not sample.succeeded
    )
    return ", ".join(f"{count} x {answer}" for answer, count in counted.most_common())


def sha256_of(path: Path) -> str:
    """Hex digest of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
