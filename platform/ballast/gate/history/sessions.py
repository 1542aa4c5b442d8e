"""Session guarantees of one user: reads see the user's own writes, and never go back.

Known of a task is its highest version so far. A task that is gone has an endless one: what comes
after a deletion must not bring it back.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ballast.gate.history.findings import Findings, Violation
from ballast.gate.history.operations import WRITES, Kind, Operation, Result

GONE = math.inf
Versions = dict[str, float]


@dataclass
class Session:
    """What is known of a user's tasks at one moment."""

    written: Versions = field(default_factory=Versions)
    seen: Versions = field(default_factory=Versions)
    living: set[str] = field(default_factory=set[str])
    """Tasks that a whole list must show."""
    deletion: Versions = field(default_factory=Versions)
    """When the first deletion of a task was asked for, answered or not, now or later."""

    def observed(self, read: Operation) -> Versions:
        """What a read says of each task that it says something about; 0: wrongly not there."""
        if read.kind is Kind.READ:
            shown: Versions = {read.task: read.version} if read.version else {}
            absent = {read.task} - shown.keys()
        else:
            shown = dict(read.seen)
            absent = set[str]() if read.more else self.living - shown.keys()
        for task in absent:
            may_be_gone = self.deletion.get(task, GONE) < read.completed
            shown[task] = GONE if may_be_gone else 0
        return shown

    def learn(self, operation: Operation, observed: Versions) -> None:
        """Take up what an operation that has been answered proved."""
        if operation.kind in WRITES:
            version = GONE if operation.kind is Kind.DELETE else operation.version
            self._raise(self.written, operation.task, version)
        for task, version in observed.items():
            self._raise(self.seen, task, version)

    def _raise(self, known: Versions, task: str, version: float) -> None:
        known[task] = max(version, known.get(task, 0))
        if GONE in (self.written.get(task), self.seen.get(task)):
            self.living.discard(task)
        elif known[task]:
            self.living.add(task)


def check_session(
    user: str, numbers: Iterable[int], operations: Sequence[Operation], findings: Findings
) -> None:
    """Report reads of one user, whose operations are `numbers`, that miss what was known before.

    A read that misses an own write is reported as that alone.
    """
    session = Session()
    answered: list[int] = []
    for number in numbers:
        operation = operations[number]
        if operation.kind is Kind.DELETE and operation.result is not Result.FAILED:
            first = min(operation.invoked, session.deletion.get(operation.task, GONE))
            session.deletion[operation.task] = first
        if operation.result is Result.ACKNOWLEDGED:
            answered.append(number)
    ended = sorted(answered, key=lambda number: operations[number].completed)
    observed: dict[int, Versions] = {}
    learned = 0
    for number in sorted(answered, key=lambda number: operations[number].invoked):
        read = operations[number]
        while operations[ended[learned]].completed < read.invoked:
            earlier = ended[learned]
            session.learn(operations[earlier], observed.pop(earlier, {}))
            learned += 1
        if read.kind not in WRITES:
            observed[number] = session.observed(read)
            for task, version in observed[number].items():
                _judge(session, read, task, version, findings)


def _judge(session: Session, read: Operation, task: str, version: float, found: Findings) -> None:
    for known, violation in (
        (session.written, Violation.READ_YOUR_WRITES),
        (session.seen, Violation.MONOTONIC_READS),
    ):
        if version < known.get(task, 0):
            what = "written" if violation is Violation.READ_YOUR_WRITES else "seen"
            said = (
                f"{read.kind} {read.key} shows task {task} {_at(version)}, "
                f"{_at(known[task])} was {what} before"
            )
            found.add(violation, read.user, said)
            return


def _at(version: float) -> str:
    return (
        "deleted" if version == GONE else f"at version {version:.0f}" if version else "not at all"
    )
