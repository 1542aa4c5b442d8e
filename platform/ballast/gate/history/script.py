"""What each user of the independent client does next: by chance, among what its tasks permit."""

import random
from dataclasses import dataclass
from typing import Final

from ballast.gate.history.operations import Kind, Operation, Result

WEIGHTS: Final = {
    Kind.CREATE: 15,
    Kind.UPDATE: 30,
    Kind.COMPLETE: 10,
    Kind.DELETE: 10,
    Kind.READ: 25,
    Kind.LIST: 10,
}


@dataclass
class _OwnTask:
    completed: bool = False
    deleted: bool = False


class Script:
    """The steps of one user; equal seeds and equal answers give equal steps.

    What may have been done is not done again: a task is completed and deleted at most once.
    """

    def __init__(self, seed: str) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - reproducible on purpose
        self._tasks: dict[str, _OwnTask] = {}

    def next(self) -> tuple[Kind, str]:
        """The next operation and its task; no task for a create and a list."""
        living = [name for name, task in self._tasks.items() if not task.deleted]
        permitted = {
            Kind.CREATE: [""],
            Kind.UPDATE: living,
            Kind.COMPLETE: [name for name in living if not self._tasks[name].completed],
            Kind.DELETE: living,
            # Deleted ones too: they must stay away.
            Kind.READ: list(self._tasks),
            Kind.LIST: [""] if self._tasks else [],
        }
        kinds = [kind for kind in Kind if permitted[kind]]
        weights = [WEIGHTS[kind] for kind in kinds]
        kind = self._chance.choices(kinds, weights)[0]
        return kind, self._chance.choice(permitted[kind])

    def learn(self, operation: Operation) -> None:
        """Take up what became of a step."""
        if operation.result is Result.FAILED:
            return
        if operation.kind is Kind.CREATE and operation.task:
            self._tasks[operation.task] = _OwnTask()
        if operation.kind is Kind.COMPLETE:
            self._tasks[operation.task].completed = True
        if operation.kind is Kind.DELETE:
            self._tasks[operation.task].deleted = True
