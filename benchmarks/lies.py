"""Is what must not pass refused, for the right reason, and what may pass not?

python benchmarks/lies.py [--report FILE]       the confusion matrix; 1 when an answer is wrong

Plays tests/integration/gate/lies: every lie of its catalogue through the gate's own code against
real servers, and each path without a lie as well. All answers are written to the report as JSON.
"""

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest
from rich.console import Console
from rich.table import Table

from ballast.paths import repository_root, state_dir

LIES = repository_root() / "tests" / "integration" / "gate" / "lies"
sys.path.insert(0, str(LIES))

from lie import Column  # noqa: E402 - test-only modules of that folder
from lie_catalogue import CATALOGUE  # noqa: E402


class Answer(NamedTuple):
    """What the gate said, empty when it let the release through."""

    truth: str
    family: str
    name: str
    column: str
    said: str


@dataclass
class Answers:
    """A pytest plugin that collects the answers and what was never asked."""

    given: list[Answer] = field(default_factory=list[Answer])
    broken: list[str] = field(default_factory=list[str])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = [Answer(*value) for name, value in report.user_properties if name == "lie"]
        if report.when == "call":
            self.given += told
        if report.failed and not told:
            self.broken.append(f"{report.nodeid} broke off: {report.longreprtext[-300:]}")

    @property
    def wrong(self) -> list[str]:
        """A sentence for each wrong answer, and for each lie that was not told."""
        right = {"bad": Column.RIGHT, "good": Column.PASSED}
        told = {answer.name for answer in self.given}
        return [
            *(
                f"{answer.truth} {answer.name}: {answer.column}: {answer.said}"
                for answer in self.given
                if answer.column != right[answer.truth]
            ),
            *(f"{lie} was not told" for lie in CATALOGUE if lie.name not in told),
            *self.broken,
        ]


def matrix(answers: list[Answer]) -> Table:
    """Truth against answer, by family."""
    table = Table("truth", "what", *(column.value for column in Column))
    counts = Counter((answer.truth, answer.family, answer.column) for answer in answers)
    for truth in ("good", "bad"):
        families = list(dict.fromkeys(a.family for a in answers if a.truth == truth))
        for family in families:
            table.add_row(truth, family, *(str(counts[truth, family, each]) for each in Column))
        sums = [sum(counts[truth, f, column] for f in families) for column in Column]
        table.add_row(truth, "all", *map(str, sums), end_section=True)
    return table


def main() -> int:
    """Tell all lies; 1 when one is believed, or refused for another reason, or a truth refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=Path, default=state_dir() / "gate" / "lies.json")
    asked, began, answers = parser.parse_args(), time.monotonic(), Answers()
    pytest.main(["-q", "-p", "no:cacheprovider", "--no-header", str(LIES)], plugins=[answers])
    asked.report.parent.mkdir(parents=True, exist_ok=True)
    asked.report.write_text(json.dumps([a._asdict() for a in answers.given], indent=1) + "\n")
    Console(width=110).print(matrix(answers.given))
    wrong = answers.wrong
    print(f"{len(CATALOGUE)} lies, {time.monotonic() - began:.0f} s; all answers: {asked.report}")
    print("\n".join(wrong) or "every lie was refused for its own reason, and nothing else was")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
