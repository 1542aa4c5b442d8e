"""A reference model: clean histories with their effects, and which order really is known in them.

Operations happen one after another, each at an instant inside of its interval; intervals overlap.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from ballast.gate.history.effects import ServiceEffect, Tally
from ballast.gate.history.operations import WRITES, Kind, Operation, Result

WITHIN = 30.0
COUNTED = (Kind.CREATE, Kind.COMPLETE, Kind.DELETE)


@dataclass
class ModelTask:
    """What is true of one task; version 0 is not there."""

    user: str
    version: int = 1
    told: bool = False
    completed: bool = False
    deleted: bool = False


@dataclass
class World:
    """A history and all that services show of it."""

    operations: list[Operation] = field(default_factory=list)
    effects: list[ServiceEffect] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)


class Model:
    """Makes one world; equal seeds make equal worlds."""

    def __init__(self, seed: int, operations: int, users: int, kinds: Sequence[Kind]) -> None:
        self.chance = random.Random(seed)
        self.kinds = kinds
        self.world = World()
        self.tasks: dict[str, ModelTask] = {}
        self.sequences: dict[str, int] = {}
        self.counts: dict[tuple[str, Kind], int] = {}
        for number in range(operations):
            self.step(number, f"u{self.chance.randrange(users)}")
        self.world.operations.sort(key=lambda operation: operation.completed)
        self.world.effects.sort(key=lambda effect: effect.service)
        self.world.tallies = [
            Tally("analytics", f"u{user}", kind, self.counts.get((f"u{user}", kind), 0))
            for user in range(users)
            for kind in COUNTED
        ]

    def step(self, number: int, user: str) -> None:
        """One operation at instant 1000 + number; half of them overlap with their neighbours."""
        at = 1000.0 + number
        before, after = (self.chance.choice([0.2, 0.4, 1.7, 3.1]) for _ in range(2))
        own = [name for name, task in self.tasks.items() if task.user == user and task.told]
        living = [name for name in own if not self.tasks[name].deleted]
        kind = self.chance.choice(self.kinds)
        if kind is Kind.LIST or kind is Kind.CREATE:
            task = ""
        elif kind is Kind.READ and own:
            task = self.chance.choice(own)
        elif kind is not Kind.READ and living:
            task = self.chance.choice(living)
        else:
            kind, task = Kind.CREATE, ""
        if kind is Kind.COMPLETE and self.tasks[task].completed:
            kind = Kind.UPDATE
        result = self.chance.choices(list(Result), [8, 1, 3])[0]
        happens = result is Result.ACKNOWLEDGED or (
            result is Result.UNKNOWN and self.chance.random() < 0.5
        )
        operation = Operation(user, f"key-{number}", kind, task, at - before, at + after, result)
        if kind in WRITES:
            operation = self.write(operation, at, happens=happens)
        elif result is Result.ACKNOWLEDGED:
            operation = self.read(operation)
        self.world.operations.append(operation)

    def write(self, operation: Operation, at: float, *, happens: bool) -> Operation:
        """Change a task and show it in all services."""
        user, key, kind, name = operation[:4]
        if operation.result is Result.UNKNOWN and kind in (Kind.COMPLETE, Kind.DELETE):
            # The client does not try again what may have happened: nor may the model.
            if kind is Kind.COMPLETE:
                self.tasks[name].completed = True
            elif not happens:
                self.tasks[name].told = False
        if not happens:
            return operation
        told = operation.result is Result.ACKNOWLEDGED
        if kind is Kind.CREATE:
            name = f"t{key}"
            self.tasks[name] = ModelTask(user, told=told)
            self.sequences[user] = self.sequences.get(user, 0) + self.chance.randint(1, 3)
            sequence = self.sequences[user]
            came = at + self.chance.uniform(0, WITHIN - 5)
            self.show("notifications", operation, name, sequence=sequence, at=came)
        else:
            task = self.tasks[name]
            task.version += 1
            task.completed |= kind is Kind.COMPLETE
            task.deleted |= kind is Kind.DELETE
        version = self.tasks[name].version
        self.show("tasks", operation, name, sequence=version, at=at)
        self.counts[user, kind] = self.counts.get((user, kind), 0) + 1
        if not told:
            return operation
        return operation._replace(task=name, version=0 if kind is Kind.DELETE else version)

    def show(self, service: str, cause: Operation, task: str, *, sequence: int, at: float) -> None:
        """One more effect; the audit of a task also shows titles, which are keys."""
        keyed = service == "tasks" and cause.kind in (Kind.CREATE, Kind.UPDATE)
        key = cause.key if keyed else ""
        number = f"{service}-{len(self.world.effects)}"
        effect = ServiceEffect(service, number, cause.kind, task, key, cause.user, sequence, at)
        self.world.effects.append(effect)

    def read(self, operation: Operation) -> Operation:
        """What is true at this instant; some lists are cut short."""
        if operation.kind is Kind.READ:
            task = self.tasks[operation.task]
            return operation._replace(version=0 if task.deleted else task.version)
        seen = {
            name: task.version
            for name, task in self.tasks.items()
            if task.user == operation.user and not task.deleted
        }
        if len(seen) > 1 and self.chance.random() < 0.3:
            seen.popitem()
            return operation._replace(seen=seen, more=True)
        return operation._replace(seen=seen)


def world(
    seed: int, operations: int = 80, users: int = 3, kinds: Sequence[Kind] = tuple(Kind)
) -> World:
    """A clean world; a user without a task creates one, whatever the `kinds`."""
    return Model(seed, operations, users, kinds).world


def acknowledged(operations: list[Operation], *kinds: Kind) -> list[Operation]:
    """Acknowledged operations of these kinds."""
    return [
        each for each in operations if each.result is Result.ACKNOWLEDGED and each.kind in kinds
    ]
