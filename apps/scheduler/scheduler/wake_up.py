"""What asks for the sweep. The database is the truth and timers do the work; this is the net."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from fastapi import APIRouter

from todo_shared.failures import is_transient

_log = logging.getLogger(__name__)

SWEEP_SECONDS: Final = 60.0

Sweeping = Callable[[str], Awaitable[None]]


class WakeUp(Protocol):
    """A source of wake-ups, at least one a minute."""

    def mount(self, router: APIRouter, sweep: Sweeping) -> None:
        """Serve what the source calls, if it calls."""
        ...

    async def run(self, sweep: Sweeping) -> None:
        """Ask for sweeps until cancelled, if nobody calls."""
        ...


class IntervalWakeUp:
    """Its own interval; for a run without the sidecar's cron component."""

    def __init__(self, seconds: float = SWEEP_SECONDS) -> None:
        self._seconds = seconds

    def mount(self, router: APIRouter, sweep: Sweeping) -> None:
        """Nobody calls."""

    async def run(self, sweep: Sweeping) -> None:
        """Sweep, wait, and again."""
        while True:
            await asyncio.sleep(self._seconds)
            try:
                await sweep("interval")
            except Exception as error:
                _log.warning("no sweep this time: %s", error, exc_info=not is_transient(error))
