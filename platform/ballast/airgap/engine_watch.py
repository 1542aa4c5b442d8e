"""Ending a plugin whose engine is gone: one that was killed cannot say farewell."""

import os
import threading
import time
from collections.abc import Callable

_SECONDS = 1.0


def when_orphaned(act: Callable[[], None]) -> None:
    """Call `act` once, in a thread of its own, when the process that started us has ended."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_SECONDS)
        act()

    threading.Thread(target=watch, name="engine-watch", daemon=True).start()
