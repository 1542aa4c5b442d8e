"""A lie: one seeded flaw, why the gate must refuse it, and which refusal is the right one."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """What lies: the release, the configuration, the experiment, the measurement, the record."""

    RELEASE = "release"
    CONFIGURATION = "configuration"
    EXPERIMENT = "experiment"
    MEASUREMENT = "measurement"
    RECORD = "record"


class Scene(StrEnum):
    """The path through the gate that a lie is played on; each has its twin without a lie."""

    LOAD = "load"  # the real Locust against a real server, effects read back
    HISTORY = "history"  # the real independent client against a real server
    TIMINGS = "timings"  # raw samples of a whole steady load, simulated with a fixed seed
    METRICS = "metrics"  # the real Prometheus, scraping what services export
    EXPERIMENT = "experiment"  # the real chaostoolkit against an API server
    TREE = "tree"  # the repository's own configuration, edited
    RECORD = "record"  # a signed record, presented


class Column(StrEnum):
    """What became of a release."""

    PASSED = "passed"
    RIGHT = "refused for the right reason"
    OTHER = "refused for another reason"


@dataclass(frozen=True)
class Lie:
    """`by` is who must refuse it: a check with its outcome, `policy` for OPA's own rules, or what
    stops a run before it has a verdict. `says` is a pattern of the reason.
    """

    name: str
    family: Family
    scene: Scene
    why: str
    by: str
    says: str

    def __str__(self) -> str:
        return self.name

    def column(self, answer: str) -> Column:
        """Where the gate's answer belongs: the right reason is the stated one, and it alone."""
        if not answer:
            return Column.PASSED
        right = re.match(self._sentence, answer, re.DOTALL)
        alone = not re.search(r"\(and \d+ more\)$", answer)
        return Column.RIGHT if right and alone else Column.OTHER

    @property
    def _sentence(self) -> str:
        refused = "staging refuses the release: "
        if self.by == "policy":
            return f"{refused}{self.says}"
        check, _, outcome = self.by.partition(" ")
        if outcome:
            return f"{refused}{re.escape(check)} is {outcome}: .*{self.says}"
        return f"(?!{refused}).*{self.says}"


def twin(answer: str) -> Column:
    """Where the answer to a release without a lie belongs."""
    return Column.OTHER if answer else Column.PASSED
