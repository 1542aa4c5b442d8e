"""Effects keep the order of what caused them, as far as that order is known.

Of two acknowledged operations one is earlier when it was answered before the other was asked for.
Operations that overlap have no order.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ballast.gate.history.findings import Findings, Violation
from ballast.gate.history.matching import Matched
from ballast.gate.history.operations import Operation, Result


class Step(NamedTuple):
    """An operation with the place and the sequence number of its effect."""

    invoked: float
    completed: float
    position: int
    sequence: int
    key: str


def overtaken(steps: Sequence[Step]) -> Iterator[tuple[Step, Step]]:
    """An earlier and a later operation for each later one whose effect came first, or counts so."""
    ended = iter(sorted(steps, key=lambda step: step.completed))
    next_ended = next(ended, None)
    last = highest = None
    for later in sorted(steps, key=lambda step: step.invoked):
        while next_ended is not None and next_ended.completed < later.invoked:
            if last is None or next_ended.position > last.position:
                last = next_ended
            if highest is None or next_ended.sequence > highest.sequence:
                highest = next_ended
            next_ended = next(ended, None)
        if last is not None and last.position > later.position:
            yield last, later
        elif highest is not None and highest.sequence > later.sequence:
            yield highest, later


def find_reordered(
    user: str,
    numbers: Iterable[int],
    operations: Sequence[Operation],
    matched: Matched,
    findings: Findings,
) -> None:
    """Report effects of one user, whose operations are `numbers`, that were overtaken."""
    streams: dict[str, list[Step]] = {}
    for number in numbers:
        operation = operations[number]
        if matched.counts[number] and operation.result is Result.ACKNOWLEDGED:
            stream = user if matched.source.ordered_within == "user" else operation.task
            streams.setdefault(stream, []).append(
                Step(
                    operation.invoked,
                    operation.completed,
                    matched.positions[number],
                    matched.sequences[number],
                    operation.key,
                )
            )
    for steps in streams.values():
        for earlier, later in overtaken(steps):
            service = matched.source.service
            said = f"{service} shows {_shown(later)} before the earlier {_shown(earlier)}"
            findings.add(Violation.REORDERED, user, said)


def _shown(step: Step) -> str:
    return f"{step.key} (place {step.position}, sequence {step.sequence})"
