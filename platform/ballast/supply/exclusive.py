"""One writer at a time in a shared folder, across processes."""

import fcntl
import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from ballast.errors import BallastError

_POLL_SECONDS = 0.2


class LockWaitCancelledError(BallastError):
    """The caller gave up while another process held the lock."""


@contextmanager
def exclusive(
    path: Path, waiting: Callable[[str], None], cancelled: threading.Event | None = None
) -> Generator[int]:
    """Hold the lock file at `path`; yields its descriptor.

    `waiting` is told once, as a sentence, when another process holds it. A child that inherits the
    descriptor keeps the lock after this process is killed, so its work is never run beside itself.
    Raises LockWaitCancelledError when `cancelled` is set before the lock is free.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _try_lock(descriptor):
            holder = os.pread(descriptor, 20, 0).decode().strip()
            waiting(f"waiting for another run (started by process {holder or 'unknown'}) to finish")
            never = cancelled or threading.Event()
            while not _try_lock(descriptor):
                if never.wait(_POLL_SECONDS):
                    raise LockWaitCancelledError("stopped while waiting for another run")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
