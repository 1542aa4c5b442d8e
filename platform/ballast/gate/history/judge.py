"""The verdict on the history of a run."""

from typing import Final

from ballast.gate.history.findings import Findings, Violation
from ballast.gate.verdict import Figure, Outcome, Verdict

HISTORY_CHECK: Final = "ledger/history"
LEAST_SHARE: Final = 0.9


def judge_history(findings: Findings, due: int | None) -> Verdict:
    """FAIL on any violation, VACUOUS without acknowledged writes and reads, INCONCLUSIVE when the
    client did not come to its end (`due` is None) or made less than most of what was due.

    The last operations of a client without an end are not in its history: what they did is no
    phantom.
    """
    done = findings.operations
    counts = {each: findings.counts[each] for each in Violation}
    figures: dict[str, Figure] = {
        "due": "unknown" if due is None else due,
        "writes": findings.writes,
        "reads": findings.reads,
        "unknown": findings.unknown,
        "failed": findings.failed,
        "effects": findings.effects,
        **{str(each): number for each, number in counts.items()},
    }

    def verdict(outcome: Outcome, reason: str) -> Verdict:
        return Verdict(HISTORY_CHECK, outcome, reason, figures)

    if due is None:
        counts[Violation.PHANTOM] = 0
    broken = [
        f"{number} {each} ({'; '.join(findings.examples[each])})"
        for each, number in counts.items()
        if number
    ]
    if broken:
        tried = f"{findings.writes} acknowledged writes and {findings.reads} reads"
        return verdict(Outcome.FAIL, f"of {tried}: {', '.join(broken)}")
    if not findings.writes:
        return verdict(Outcome.VACUOUS, "no write was acknowledged, so there was nothing to lose")
    if not findings.reads:
        return verdict(Outcome.VACUOUS, "no read was answered, so no session was tried")
    if due is None:
        return verdict(
            Outcome.INCONCLUSIVE, "the client did not come to its end: its last operations are open"
        )
    if done < LEAST_SHARE * due:
        return verdict(
            Outcome.INCONCLUSIVE, f"the client made {done} of {due} operations: it was starved"
        )
    return verdict(
        Outcome.PASS,
        f"{findings.writes} acknowledged writes had each effect once, in order and in time; "
        f"{findings.reads} reads saw all that was known before",
    )
