"""A history: one row for each operation of an independent client, in the order of their answers.

    user,key,kind,task,invoked,completed,result,version,seen
    u1,run-u1-0,create,0193,1000.000000,1000.020000,acknowledged,1,
    u1,run-u1-1,list,,1005.000000,1005.010000,acknowledged,,0193=1 0192=4
    end,2

Keys are unique. `version` is the one that was written or seen; a read of a task that is not there
has seen version 0. A list says all that it saw, and ends with `+` when there was more. Only a
client that came to its end writes `end`, and how many operations were due until then.
"""

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from ballast.errors import BallastError
from ballast.gate.history.rows import RowFile, read_rows


class Kind(StrEnum):
    """What an operation does to one task, or to the list of all."""

    CREATE = "create"
    UPDATE = "update"
    COMPLETE = "complete"
    DELETE = "delete"
    READ = "read"
    LIST = "list"


class Result(StrEnum):
    """What the client knows: it happened, it was refused, or it may have happened."""

    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"
    UNKNOWN = "unknown"


WRITES: Final = frozenset({Kind.CREATE, Kind.UPDATE, Kind.COMPLETE, Kind.DELETE})
NOTHING_SEEN: Final[Mapping[str, int]] = {}
MORE: Final = "+"
END: Final = "end"


class Operation(NamedTuple):
    """One operation. Times are Unix seconds; `task` is empty when nobody told the client.

    `more` says that a list did not show all tasks.
    """

    user: str
    key: str
    kind: Kind
    task: str
    invoked: float
    completed: float
    result: Result
    version: int = 0
    seen: Mapping[str, int] = NOTHING_SEEN
    more: bool = False


COLUMNS: Final = (*Operation._fields[:-1],)
_KINDS: Final = {str(kind): kind for kind in Kind}
_RESULTS: Final = {str(result): result for result in Result}


@dataclass(frozen=True)
class History:
    """What a client did, and how much was due; None when it did not come to its end."""

    operations: list[Operation]
    due: int | None


class HistoryFile:
    """Where a client writes down each operation before it begins the next one of its user."""

    def __init__(self, path: Path) -> None:
        self._rows = RowFile(path, COLUMNS)

    def append(self, operation: Operation) -> None:
        """Write one operation; it is in the file when this returns."""
        self._rows.append(row_of(operation))

    def end(self, due: int) -> None:
        """Say that no operation is open, and how many were due."""
        self._rows.append([END, due])
        self._rows.close()


def row_of(operation: Operation) -> list[str]:
    """The fields of an operation as they are written."""
    seen = [f"{task}={version}" for task, version in operation.seen.items()]
    return [
        operation.user,
        operation.key,
        operation.kind,
        operation.task,
        f"{operation.invoked:.6f}",
        f"{operation.completed:.6f}",
        operation.result,
        str(operation.version or ""),
        " ".join(seen + [MORE] * operation.more),
    ]


def read_history(path: Path) -> History:
    """The history in a file. Raises BallastError naming the line that is not an operation."""
    operations: list[Operation] = []
    due: int | None = None
    for row in read_rows(path, COLUMNS, _parse, "an operation"):
        if due is not None:
            raise BallastError(
                f"{path} goes on after its end", "The file was altered; run the gate again."
            )
        if isinstance(row, int):
            due = row
        else:
            operations.append(row)
    return History(operations, due)


def _parse(fields: list[str]) -> Operation | int:
    if len(fields) == 2 and fields[0] == END:
        return int(fields[1])
    # Users and tasks come again and again: each is kept once.
    user, key, kind, task, invoked, completed, result, version, seen = fields
    began, ended = float(invoked), float(completed)
    if not 0 <= began <= ended < math.inf:
        raise ValueError(f"it cannot last from {invoked} to {completed}")
    if not user or not key:
        raise ValueError("it has no user or no key")
    if not task and kind != Kind.LIST and result == Result.ACKNOWLEDGED:
        raise ValueError("it has no task, and was acknowledged")
    tasks = seen.split(" ") if seen else []
    more = tasks[-1:] == [MORE]
    return Operation(
        sys.intern(user),
        key,
        _KINDS[kind],
        sys.intern(task),
        began,
        ended,
        _RESULTS[result],
        _version(version) if version else 0,
        dict(map(_seen, tasks[:-1] if more else tasks)) if tasks else NOTHING_SEEN,
        more,
    )


def _seen(pair: str) -> tuple[str, int]:
    task, _, version = pair.rpartition("=")
    return sys.intern(task), _version(version)


def _version(text: str) -> int:
    version = int(text)
    if version < 1:
        raise ValueError(f"{version} is no version")
    return version
