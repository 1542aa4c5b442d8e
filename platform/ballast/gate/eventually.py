"""Waiting for a condition."""

import time
from collections.abc import Callable

POLL_SECONDS = 0.5


def eventually(holds: Callable[[], bool], seconds: float, every: float = POLL_SECONDS) -> bool:
    """Poll until a condition holds; False when it did not in time. All in seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
