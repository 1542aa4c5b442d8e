"""What replicas hear from the database while it happens: new, moved and canceled reminders, series.

A notice only makes things quicker. What was missed while no connection listened is read again when
the next one does.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Final, Protocol
from uuid import UUID

from scheduler.models.reminder import Armed
from scheduler.repository.arming import CHANNEL as REMINDERS
from scheduler.repository.series import CHANNEL as SERIES
from todo_shared.failures import is_transient
from todo_shared.listening import ListeningConnection

_log = logging.getLogger(__name__)

_PAUSES: Final = (0.1, 0.3, 0.9, 5.0)
_ALIVE_SECONDS: Final = 10.0
_MICROSECONDS: Final = 1_000_000

Connect = Callable[[], AbstractAsyncContextManager[ListeningConnection]]


class Hearer(Protocol):
    """Who wants to know."""

    def armed(self, reminder: Armed) -> None:
        """A reminder was stored or moved."""
        ...

    def canceled(self, reminder_id: UUID) -> None:
        """A reminder was canceled."""
        ...


def read_notice(payload: str, hearer: Hearer) -> None:
    """Tell `hearer` what a notice says: `id shard microseconds`, or the id of a canceled one."""
    match payload.split():
        case [reminder_id, shard, moment]:
            trigger_time = datetime.fromtimestamp(int(moment) / _MICROSECONDS, UTC)
            hearer.armed(Armed(UUID(reminder_id), int(shard), trigger_time))
        case [reminder_id]:
            hearer.canceled(UUID(reminder_id))
        case _:
            _log.error("a notice is not readable: %r", payload)


class Notices:
    """Listens until `stop`; calls `caught_up` after each connect, for what was missed."""

    def __init__(
        self,
        connect: Connect,
        hearer: Hearer,
        series_changed: Callable[[], None],
        caught_up: Callable[[], Awaitable[None]],
    ) -> None:
        self._connect = connect
        self._hearer = hearer
        self._series_changed = series_changed
        self._caught_up = caught_up
        self._stopping = asyncio.Event()
        self._over = asyncio.Event()

    def reconnect(self) -> None:
        """Move to a new connection: the credentials have changed."""
        self._over.set()

    def stop(self) -> None:
        """Let `run` return."""
        self._stopping.set()
        self._over.set()

    async def run(self) -> None:
        """Listen; a lost connection is opened again, for as long as needed."""
        failures = 0
        while not self._stopping.is_set():
            self._over.clear()
            try:
                async with self._connect() as connection:
                    await self._listen(connection)
                    failures = 0
            except Exception as error:
                _log.warning(
                    "no connection for notices: %s", error, exc_info=not is_transient(error)
                )
                pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
                failures += 1
                await _wait(self._stopping, pause)

    async def _listen(self, connection: ListeningConnection) -> None:
        connection.when_lost(self._over.set)
        await connection.listen(REMINDERS, lambda payload: read_notice(payload, self._hearer))
        await connection.listen(SERIES, lambda _: self._series_changed())
        await self._caught_up()
        while not self._over.is_set():
            await _wait(self._over, _ALIVE_SECONDS)
            if not self._over.is_set():
                # A connection that died without a word is found out here.
                await connection.fetch("SELECT 1")


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
