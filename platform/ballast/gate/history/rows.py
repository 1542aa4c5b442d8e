"""Files of rows that are only ever appended to: comma-separated, one line a row."""

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from ballast.errors import BallastError

Row = TypeVar("Row")


class RowFile:
    """A new file with a header. A row is one write: a process that is killed leaves whole lines.

    At most the last line is cut, by a machine that stops.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self.append(columns)

    def append(self, fields: Iterable[object]) -> None:
        """Write one row; it is in the file when this returns."""
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(fields)
        os.write(self._descriptor, line.getvalue().encode())

    def close(self) -> None:
        """Write nothing more."""
        os.close(self._descriptor)


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """A whole file at once."""
    with path.open("w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def read_rows(
    path: Path, columns: Sequence[str], parse: Callable[[list[str]], Row], what: str
) -> Iterator[Row]:
    """Rows in the order of the file, one at a time; `what` names a row, with its article.

    A last line without its newline was still being written and is left out. Raises BallastError
    with the number of the first line that is not a row.
    """
    with path.open(newline="") as file:
        lines = csv.reader(_whole(file), strict=True)
        try:
            _check_header(next(lines, None), columns)
            for fields in lines:
                yield parse(fields)
        except (ValueError, LookupError, csv.Error) as wrong:
            raise BallastError(
                f"{path}:{max(1, lines.line_num)} is not {what}: {wrong}",
                "The file was altered; run the gate again.",
            ) from wrong


def _check_header(fields: list[str] | None, columns: Sequence[str]) -> None:
    if fields != list(columns):
        raise ValueError(f"the header is not {','.join(columns)}")


def _whole(lines: Iterable[str]) -> Iterator[str]:
    return (line for line in lines if line.endswith("\n"))
