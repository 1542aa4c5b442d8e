"""The checker: one history against the effects that services show of it."""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence

from ballast.gate.history.effects import SOURCES, ServiceEffect, Source, Tally
from ballast.gate.history.findings import Findings, Violation
from ballast.gate.history.matching import compare, match
from ballast.gate.history.operations import WRITES, Kind, Operation, Result
from ballast.gate.history.ordering import find_reordered
from ballast.gate.history.sessions import check_session


def check(
    operations: Sequence[Operation],
    effects: Iterable[ServiceEffect],
    *,
    within: float,
    tallies: Iterable[Tally] = (),
    sources: Sequence[Source] = SOURCES,
) -> Findings:
    """Everything that is wrong. An effect over `within` seconds after its answer is late.

    An operation without a known result may have happened or not. Raises BallastError for a history
    in which nobody could tell whose an effect is.
    """
    findings = Findings()
    users: dict[str, array[int]] = {}
    for number, operation in enumerate(operations):
        users.setdefault(operation.user, array("l")).append(number)
        findings.unknown += operation.result is Result.UNKNOWN
        findings.failed += operation.result is Result.FAILED
        if operation.result is Result.ACKNOWLEDGED:
            findings.writes += operation.kind in WRITES
            findings.reads += operation.kind not in WRITES
    matched = match(operations, effects, sources, findings)
    for each in matched:
        compare(operations, each, within, findings)
    for user, numbers in users.items():
        for each in matched:
            find_reordered(user, numbers, operations, each, findings)
        check_session(user, numbers, operations, findings)
    count(operations, tallies, findings)
    return findings


def count(operations: Iterable[Operation], tallies: Iterable[Tally], findings: Findings) -> None:
    """Report tallies below what was acknowledged, or above what can have happened at all."""
    certain: Counter[tuple[str, Kind]] = Counter()
    possible: Counter[tuple[str, Kind]] = Counter()
    for operation in operations:
        if operation.result is not Result.FAILED:
            possible[operation.user, operation.kind] += 1
            certain[operation.user, operation.kind] += operation.result is Result.ACKNOWLEDGED
    for tally in tallies:
        place = (tally.user, tally.kind)
        said = f"{tally.service} counts {tally.number} {tally.kind} of {tally.user}"
        if tally.number < certain[place]:
            said += f", {certain[place]} were acknowledged"
            findings.add(Violation.LOST, tally.user, said)
        elif tally.number > possible[place]:
            said += f", {possible[place]} can have happened"
            findings.add(Violation.PHANTOM, tally.user, said)
