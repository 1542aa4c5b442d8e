"""Effects find the write that caused them: what was lost, made twice, too late, or by nobody."""

from array import array
from collections.abc import Iterable, Sequence
from typing import Final

from ballast.errors import BallastError
from ballast.gate.history.effects import ServiceEffect, Source
from ballast.gate.history.findings import Findings, Violation
from ballast.gate.history.operations import WRITES, Kind, Operation, Result

KEYED: Final = frozenset({Kind.CREATE, Kind.UPDATE})
ONCE: Final = frozenset({Kind.CREATE, Kind.COMPLETE, Kind.DELETE})


class Writes:
    """Where the write is that an effect belongs to: by its key, or by its task and kind.

    A task is created, completed and deleted once. A refused write has no effect. Raises
    BallastError for a key or a step that comes twice: nobody could tell whose an effect is.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._operations = operations
        self._by_key: dict[str, int] = {}
        self._by_task: dict[Kind, dict[str, int]] = {kind: {} for kind in WRITES}
        for number, operation in enumerate(operations):
            if operation.kind not in WRITES or operation.result is Result.FAILED:
                continue
            if operation.kind in KEYED:
                self._once(self._by_key, operation.key, number)
            if operation.kind in ONCE and operation.task:
                self._once(self._by_task[operation.kind], operation.task, number)

    def _once(self, known: dict[str, int], name: str, number: int) -> None:
        if known.setdefault(name, number) != number:
            kind = self._operations[number].kind
            raise BallastError(
                f"the history has two operations {kind} of {name}",
                "A key is used once, and a task is created, completed and deleted once.",
            )

    def cause(self, effect: ServiceEffect) -> int | None:
        """The number of the operation, None when there is none.

        What has the key of a create tells whose its task is, also when the create had no answer.
        """
        number = self._by_key.get(effect.key) if effect.key else None
        of_task = self._by_task[effect.kind]
        if number is None:
            number = of_task.get(effect.task)
        elif effect.kind is Kind.CREATE:
            of_task.setdefault(effect.task, number)
        if number is None:
            return None
        found = self._operations[number]
        return number if (found.kind, found.user) == (effect.kind, effect.user) else None


class Matched:
    """For each operation by number: how many effects one source shows, and its first one."""

    def __init__(self, source: Source, operations: int) -> None:
        self.source = source
        self.effects = 0
        self.counts = array("l", bytes(array("l").itemsize * operations))
        self.positions = array("q", self.counts)
        self.sequences = array("q", self.counts)
        self.times = array("d", bytes(array("d").itemsize * operations))

    def take(self, number: int, position: int, effect: ServiceEffect) -> None:
        """One more effect of an operation; `position` is its place among those of the source."""
        if not self.counts[number] or position < self.positions[number]:
            self.positions[number] = position
            self.sequences[number] = effect.sequence
            self.times[number] = effect.at
        self.counts[number] += 1


def match(
    operations: Sequence[Operation],
    effects: Iterable[ServiceEffect],
    sources: Iterable[Source],
    findings: Findings,
) -> list[Matched]:
    """Give each effect to its operation; what belongs to none is a phantom."""
    writes = Writes(operations)
    matched = {source.service: Matched(source, len(operations)) for source in sources}
    unclear: list[tuple[int, ServiceEffect]] = []
    for effect in effects:
        of_source = matched.get(effect.service)
        if of_source is None:
            raise BallastError(
                f"effect {effect.id} is of {effect.service}, which is no source of this check",
                f"Sources: {', '.join(matched)}.",
            )
        of_source.effects += 1
        number = _cause(writes, effect, of_source.source)
        if number is None:
            unclear.append((of_source.effects, effect))
        else:
            of_source.take(number, of_source.effects, effect)
    for position, effect in unclear:
        # Another service may have told the task of a create without an answer since.
        of_source = matched[effect.service]
        number = _cause(writes, effect, of_source.source)
        if number is None:
            findings.add(Violation.PHANTOM, effect.user, f"{_shown(effect)} has no cause")
        else:
            of_source.take(number, position, effect)
    findings.effects += sum(each.effects for each in matched.values())
    return list(matched.values())


def compare(
    operations: Sequence[Operation], matched: Matched, within: float, findings: Findings
) -> None:
    """Report writes without an effect, with several, or with one over `within` seconds late."""
    service, kinds = matched.source.service, matched.source.kinds
    for number, operation in enumerate(operations):
        if operation.kind not in kinds:
            continue
        count = matched.counts[number]
        acknowledged = operation.result is Result.ACKNOWLEDGED
        if count > 1:
            said = f"{_named(operation)} has {count} effects in {service}"
            findings.add(Violation.DUPLICATED, operation.user, said)
        if acknowledged and not count:
            said = f"{_named(operation)} has no effect in {service}"
            findings.add(Violation.LOST, operation.user, said)
        late = matched.times[number] - operation.completed
        if acknowledged and count and late > within:
            said = f"{_named(operation)} had its effect in {service} after {late:.1f} s"
            findings.add(Violation.LATE, operation.user, said)


def _cause(writes: Writes, effect: ServiceEffect, source: Source) -> int | None:
    return writes.cause(effect) if effect.kind in source.kinds else None


def _named(operation: Operation) -> str:
    return f"{operation.kind} {operation.key} of task {operation.task or 'unknown'}"


def _shown(effect: ServiceEffect) -> str:
    about = f"{effect.kind} of task {effect.task}" + (f" ({effect.key})" if effect.key else "")
    return f"{effect.service} effect {effect.id} of {effect.user}: {about}"
