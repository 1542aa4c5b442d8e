"""Hears from the database that there is something to send, in this replica or in another one."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from notifications.repository.signals import CHANNEL, Signal
from todo_shared.errors import UnavailableError
from todo_shared.listening import DRIVER_ERRORS, ListeningConnection

_log = logging.getLogger(__name__)

_PAUSES: Final = (0.1, 0.3, 0.9, 5.0)
_CONNECTION_ERRORS: Final = (UnavailableError, *DRIVER_ERRORS)

Connect = Callable[[], AbstractAsyncContextManager[ListeningConnection]]
# None stands for "look everywhere": something may have been missed.
Heard = Callable[[Signal | None], None]


class SignalListener:
    """Tells `heard` each signal until `run` is cancelled."""

    def __init__(self, connect: Connect, heard: Heard) -> None:
        self._connect = connect
        self._heard = heard
        self._over = asyncio.Event()

    def reconnect(self) -> None:
        """Move to a new connection: the credentials have changed."""
        self._over.set()

    async def run(self) -> None:
        """Listen; a lost connection is opened again, for as long as needed."""
        failures = 0
        while True:
            self._over.clear()
            try:
                async with self._connect() as connection:
                    connection.when_lost(self._over.set)
                    await connection.listen(CHANNEL, self._hear)
                    failures = 0
                    self._heard(None)
                    await self._over.wait()
            except _CONNECTION_ERRORS as error:
                _log.warning("nobody listens for deliveries: %s", error)
                await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1

    def _hear(self, payload: str) -> None:
        self._heard(Signal.parse(payload))
