"""Starts and stops of one node take turns."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Generator
from pathlib import Path

from ballast.node.errors import NodeError


@contextlib.contextmanager
def exclusive(path: Path, progress: Callable[[str], None], seconds: float = 180) -> Generator[int]:
    """Hold the lock at `path`, yields its descriptor; NodeError after `seconds` of another holder.

    The kernel drops the lock with its last holder: a killed command leaves none behind, and a child
    that inherits the descriptor ends what it does before another command begins.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, path, progress, seconds)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, progress: Callable[[str], None], seconds: float) -> None:
    end = time.monotonic() + seconds
    said = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 32, 0).decode() or "unknown"
            if time.monotonic() > end:
                raise NodeError(
                    f"another command (pid {holder}) has held {path} for {seconds:.0f} s",
                    fix=f"wait for it, or end it with: kill {holder}",
                ) from error
            if not said:
                progress(f"waiting for another node command (pid {holder})")
                said = True
            time.sleep(0.1)
        else:
            return
