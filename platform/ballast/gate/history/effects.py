"""What services show of the operations of a history, and which service shows what.

    service,id,kind,task,key,user,sequence,at
    notifications,17,create,0193,,u1,4,1000.350000

Rows of one service are in the order in which it made its effects. `key` is that of the operation
where the service knows it. `sequence` counts within a user or a task, as the source says.
"""

import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple

from ballast.gate.history.operations import Kind
from ballast.gate.history.rows import read_rows, write_rows


class ServiceEffect(NamedTuple):
    """One effect; `at` in Unix seconds by the clock of its service."""

    service: str
    id: str
    kind: Kind
    task: str
    key: str
    user: str
    sequence: int
    at: float


class Tally(NamedTuple):
    """How many effects of a kind a service counts for a user, when it shows no more than that."""

    service: str
    user: str
    kind: Kind
    number: int


@dataclass(frozen=True)
class Source:
    """A service that shows effects: for which kinds, and within what its effects keep order."""

    service: str
    kinds: frozenset[Kind]
    ordered_within: Literal["user", "task"]


NOTIFICATIONS: Final = Source("notifications", frozenset({Kind.CREATE}), "user")
TASKS: Final = Source(
    "tasks", frozenset({Kind.CREATE, Kind.UPDATE, Kind.COMPLETE, Kind.DELETE}), "task"
)
SOURCES: Final = (TASKS, NOTIFICATIONS)
COLUMNS: Final = ServiceEffect._fields
TALLY_COLUMNS: Final = Tally._fields
_KINDS: Final = {str(kind): kind for kind in Kind}


def write_effects(path: Path, effects: Iterable[ServiceEffect]) -> None:
    """All effects as a file."""
    write_rows(path, COLUMNS, ((*effect[:-1], f"{effect.at:.6f}") for effect in effects))


def read_effects(path: Path) -> Iterator[ServiceEffect]:
    """Effects one at a time. Raises BallastError naming the line that is not an effect."""
    return read_rows(path, COLUMNS, _parse, "an effect")


def write_tallies(path: Path, tallies: Iterable[Tally]) -> None:
    """All tallies as a file."""
    write_rows(path, TALLY_COLUMNS, tallies)


def read_tallies(path: Path) -> Iterator[Tally]:
    """Tallies one at a time. Raises BallastError naming the line that is not a tally."""
    return read_rows(path, TALLY_COLUMNS, _parse_tally, "a tally")


def _parse(fields: list[str]) -> ServiceEffect:
    service, identity, kind, task, key, user, sequence, at = fields
    instant = float(at)
    if not 0 <= instant < math.inf:
        raise ValueError(f"{at} is no instant")
    return ServiceEffect(
        sys.intern(service),
        identity,
        _KINDS[kind],
        sys.intern(task),
        key,
        sys.intern(user),
        int(sequence),
        instant,
    )


def _parse_tally(fields: list[str]) -> Tally:
    service, user, kind, number = fields
    if int(number) < 0:
        raise ValueError(f"{number} is no count")
    return Tally(service, user, _KINDS[kind], int(number))
