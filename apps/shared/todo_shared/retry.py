"""Waiting for something that is still starting."""

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

_log = logging.getLogger(__name__)
_PAUSES: Final = (0.2, 0.5, 1.0, 2.0)

T = TypeVar("T")


def retrying(
    action: Callable[[], T], *, on: tuple[type[Exception], ...], seconds: float, what: str
) -> T:
    """Repeat `action` while it raises one of `on`, for at most `seconds`; then raise its error."""
    deadline = time.monotonic() + seconds
    attempt = 0
    while True:
        try:
            return action()
        except on as error:
            pause = _PAUSES[min(attempt, len(_PAUSES) - 1)]
            if time.monotonic() + pause > deadline:
                raise
            attempt += 1
            _log.warning("%s is not ready: %s", what, error)
            time.sleep(pause)
