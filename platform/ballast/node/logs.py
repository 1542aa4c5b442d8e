"""Component logs: their last lines and a cap on their size; standard library only."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

LIMIT: Final = 10 * 1024 * 1024


def tail(path: Path, lines: int = 5, window: int = 4096) -> list[str]:
    """Last lines of a log, looking at `window` bytes at most; empty when there is no log."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - window))
            text = stream.read().decode(errors="replace")
    except FileNotFoundError:
        return []
    return text.splitlines()[-lines:]


def rotate(path: Path, limit: int = LIMIT) -> bool:
    """Move the content to `<name>.1` when it exceeds `limit` bytes; True when it did."""
    try:
        source = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        size = os.fstat(source).st_size
        if size <= limit:
            return False
        target = os.open(f"{path}.1", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            copied = 0
            while copied < size and (sent := os.sendfile(target, source, copied, size - copied)):
                copied += sent
        finally:
            os.close(target)
        # The writer keeps its descriptor and appends, so it goes on at the start.
        os.ftruncate(source, 0)
    finally:
        os.close(source)
    return True


def follow(paths: list[Path], pause: float = 0.2) -> Iterator[tuple[Path, str]]:
    """Lines as they are written, with the log they are from; ends only with the caller."""
    seen = {path: _size(path) for path in paths}
    rest = dict.fromkeys(paths, b"")
    while True:
        for path in paths:
            size = _size(path)
            if size < seen[path]:
                seen[path] = 0
            if size > seen[path]:
                with path.open("rb") as stream:
                    stream.seek(seen[path])
                    chunk = stream.read(size - seen[path])
                seen[path] = size
                *lines, rest[path] = (rest[path] + chunk).split(b"\n")
                for line in lines:
                    yield path, line.decode(errors="replace")
        time.sleep(pause)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
