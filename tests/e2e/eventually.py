"""Waiting for what a distributed system does in its own time."""

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

Seen = TypeVar("Seen")


def eventually(look: Callable[[], Seen], seconds: float, what: str) -> Seen:
    """The first true answer of `look`; fails with the last one after `seconds`."""
    deadline = time.monotonic() + seconds
    seen: Seen | None = None
    while time.monotonic() < deadline:
        seen = look()
        if seen:
            return seen
        time.sleep(0.2)
    pytest.fail(f"{what} did not happen within {seconds:.0f} s; last seen: {seen}")
