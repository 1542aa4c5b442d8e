"""Everything of the service that works in the background, started and stopped as one."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from notifications.dispatcher import Dispatcher
from notifications.listener import SignalListener
from notifications.live import LiveStreams
from notifications.models.recipient import Channel
from notifications.repository.queue import PostgresDeliveryQueue
from notifications.repository.signals import Signal
from notifications.senders.sender import Sender
from notifications.settings import DeliverySettings
from todo_shared.database import Database
from todo_shared.failures import is_transient

_log = logging.getLogger(__name__)
_HOUR_SECONDS: Final = 3600.0


class Delivering:
    """One dispatcher a channel, so that a slow provider holds up nobody else's messages."""

    def __init__(
        self,
        database: Database,
        senders: Mapping[Channel, Sender],
        streams: LiveStreams,
        settings: DeliverySettings,
    ) -> None:
        self._streams = streams
        self._queue = PostgresDeliveryQueue(database)
        self._dispatchers = {
            channel: Dispatcher(channel, self._queue, sender, settings)
            for channel, sender in senders.items()
        }
        self._listener = SignalListener(database.listening, self._heard)
        database.on_change(self._listener.reconnect)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Send and listen until the block ends; then what is being sent is finished."""
        sending = [asyncio.create_task(each.run()) for each in self._dispatchers.values()]
        others = [
            asyncio.create_task(self._listener.run(), name="listen-deliveries"),
            asyncio.create_task(self._tidy(), name="tidy-deliveries"),
        ]
        try:
            yield
        finally:
            for dispatcher in self._dispatchers.values():
                dispatcher.stop()
            await asyncio.gather(*sending)
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    def _heard(self, signal: Signal | None) -> None:
        for dispatcher in self._dispatchers.values():
            if signal is None or signal.channel == dispatcher.channel:
                dispatcher.wake()
        self._streams.heard(signal)

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(_HOUR_SECONDS)
            try:
                await self._queue.forget_old_cancellations()
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("canceled reminders are not tidied up now: %s", error)
