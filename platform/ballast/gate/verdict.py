"""The four outcomes of a check, and why only one of them lets a release through."""

from dataclasses import dataclass, field
from enum import StrEnum

Figure = float | int | str


class Outcome(StrEnum):
    """PASS alone passes; each other outcome blocks and asks for something different."""

    PASS = "PASS"  # noqa: S105 - an outcome
    FAIL = "FAIL"  # the system missed what was stated
    VACUOUS = "VACUOUS"  # the fault or the load was not proven to happen
    INCONCLUSIVE = "INCONCLUSIVE"  # sick baseline, saturated generator, or too few samples


@dataclass(frozen=True)
class Verdict:
    """What one check concluded: its name, the outcome, the reason in one sentence, the figures."""

    check: str
    outcome: Outcome
    reason: str
    figures: dict[str, Figure] = field(default_factory=dict[str, Figure])

    @property
    def passed(self) -> bool:
        """Whether this verdict lets a release through."""
        return self.outcome is Outcome.PASS


def overall(verdicts: list[Verdict]) -> Outcome:
    """The outcome of a run: PASS when all pass, else its most damning verdict."""
    severity = [Outcome.FAIL, Outcome.VACUOUS, Outcome.INCONCLUSIVE]
    found = {verdict.outcome for verdict in verdicts}
    if not verdicts:
        return Outcome.VACUOUS
    return next((outcome for outcome in severity if outcome in found), Outcome.PASS)
