"""What is wrong with a history, by class, with a few examples of each."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

SHOWN: Final = 3


class Violation(StrEnum):
    """The classes; each stray fact is reported as one of them."""

    LOST = "lost"
    DUPLICATED = "duplicated"
    REORDERED = "reordered"
    LATE = "late"
    PHANTOM = "phantom"
    READ_YOUR_WRITES = "read-your-writes"
    MONOTONIC_READS = "monotonic-reads"


@dataclass
class Findings:
    """Counts of operations, effects and violations; examples name keys, tasks and effects."""

    writes: int = 0
    reads: int = 0
    unknown: int = 0
    failed: int = 0
    effects: int = 0
    counts: Counter[Violation] = field(default_factory=Counter[Violation])
    examples: dict[Violation, list[str]] = field(default_factory=dict[Violation, list[str]])
    missing: set[str] = field(default_factory=set[str])
    """Users with a lost effect, which may still come."""

    @property
    def operations(self) -> int:
        """All operations, whatever became of them."""
        return self.writes + self.reads + self.unknown + self.failed

    def add(self, violation: Violation, user: str, example: str) -> None:
        """One more violation of a user."""
        self.counts[violation] += 1
        shown = self.examples.setdefault(violation, [])
        if len(shown) < SHOWN:
            shown.append(example)
        if violation is Violation.LOST:
            self.missing.add(user)
