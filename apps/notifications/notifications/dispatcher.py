"""The dispatcher of one channel: takes what is due, sends it, writes down what became of it.

Any number of replicas may run one. A provider may accept a message whose acceptance is never
written down: the process died, or the database stayed away until the lease ended. Then the message
is sent again, by anybody, with the same idempotency key; a provider without keys sends it twice.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from notifications.backoff import pause_after
from notifications.metrics import ATTEMPTS, LOST_LEASES, OLDEST, TIME_TO_SENT, WAITING
from notifications.models.attempt import Attempt, Outcome, Settlement
from notifications.models.recipient import Channel
from notifications.repository.queue import DeliveryQueue
from notifications.senders.sender import Sender
from notifications.settings import DeliverySettings
from todo_shared.dapr import BindingRefusedError, SidecarError
from todo_shared.failures import is_transient
from todo_shared.telemetry.business import NOTIFICATIONS_SENT
from todo_shared.telemetry.context import handling_event

_log = logging.getLogger(__name__)

# What comes within this time is taken, or written down, by one statement.
_LINGER_SECONDS: Final = 0.01
_DATABASE_PAUSE_SECONDS: Final = 1.0
_REASON_LENGTH: Final = 500


class Dispatcher:
    """Sends the deliveries of `channel` until `stop`."""

    def __init__(
        self, channel: Channel, queue: DeliveryQueue, sender: Sender, settings: DeliverySettings
    ) -> None:
        self._channel = channel
        self._queue = queue
        self._sender = sender
        self._settings = settings
        self._wake = asyncio.Event()
        self._stopping = False
        self._lines: set[asyncio.Task[None]] = set()
        self._settled: list[Settlement] = []
        self._to_settle = asyncio.Event()

    @property
    def channel(self) -> Channel:
        """Whose deliveries it sends."""
        return self._channel

    def wake(self) -> None:
        """Look now: there may be something to send."""
        self._wake.set()

    def stop(self) -> None:
        """Take nothing more; `run` returns when what is being sent is written down."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Send until `stop`; the database and the sidecar may come and go meanwhile."""
        settling = asyncio.create_task(self._settle_all(), name=f"settle-{self._channel}")
        try:
            await self._take_all()
            if self._lines:
                await asyncio.wait(self._lines, timeout=self._settings.delivery_stop_seconds)
        finally:
            settling.cancel()
            for line in self._lines:
                line.cancel()
            await asyncio.gather(settling, *self._lines, return_exceptions=True)
            await self._write_down()

    async def _take_all(self) -> None:
        next_survey = 0.0
        while not self._stopping:
            self._wake.clear()
            try:
                await self._take()
                if time.monotonic() >= next_survey:
                    next_survey = time.monotonic() + self._settings.delivery_sweep_seconds
                    await self._survey()
            except Exception as error:
                if not is_transient(error):
                    _log.exception("deliveries cannot be taken")
                await asyncio.sleep(_DATABASE_PAUSE_SECONDS)
                continue
            try:
                await asyncio.wait_for(self._wake.wait(), self._settings.delivery_sweep_seconds)
            except TimeoutError:
                continue
            if not self._stopping:
                await asyncio.sleep(_LINGER_SECONDS)

    async def _take(self) -> None:
        free = self._settings.delivery_lines - len(self._lines)
        if free <= 0:
            return
        lease = self._settings.delivery_lease_seconds
        until = time.monotonic() + lease - self._settings.delivery_send_seconds
        taken = await self._queue.take(self._channel, free, lease)
        by_user = sorted(taken, key=lambda each: (each.message.user_id, each.delivery_id))
        for _, line in groupby(by_user, key=lambda each: each.message.user_id):
            task = asyncio.create_task(self._send_line(list(line), until))
            self._lines.add(task)
            task.add_done_callback(self._lines.discard)

    async def _send_line(self, line: Sequence[Attempt], until: float) -> None:
        """Send one after another, while the lease surely lasts for one more."""
        begun = 0
        try:
            for attempt in line:
                if self._stopping or time.monotonic() > until:
                    return
                begun += 1
                self._done(await self._send(attempt))
        finally:
            for attempt in line[begun:]:
                self._done(Settlement(attempt, Outcome.RELEASED))

    async def _send(self, attempt: Attempt) -> Settlement:
        if attempt.canceled:
            return Settlement(attempt, Outcome.WITHDRAWN, "the reminder was canceled")
        if not attempt.recipient.enabled:
            return Settlement(attempt, Outcome.SKIPPED, "the user does not want this channel")
        address = attempt.recipient.target
        if address is None:
            return Settlement(attempt, Outcome.SKIPPED, "the user has no address for this channel")
        message = attempt.message
        with handling_event(str(message.event_id), message.traceparent, message.correlation_id):
            try:
                async with asyncio.timeout(self._settings.delivery_send_seconds):
                    await self._sender.send(attempt, address)
            except Exception as error:
                return self._failure(attempt, error)
        return Settlement(attempt, Outcome.SENT)

    def _failure(self, attempt: Attempt, error: Exception) -> Settlement:
        reason = (str(error) or type(error).__name__)[:_REASON_LENGTH].replace("\x00", "")
        final = isinstance(error, BindingRefusedError) or attempt.last
        about = {"delivery": attempt.delivery_id, "attempt": attempt.number, "final": final}
        if isinstance(error, SidecarError | TimeoutError):
            _log.warning("a delivery was not sent: %s", reason, extra=about)
        else:
            _log.exception("a delivery could not be sent", extra=about)
        if final:
            return Settlement(attempt, Outcome.FAILED, reason)
        pause = pause_after(attempt.number, self._settings.delivery_backoff_seconds)
        # Whoever is awake then may take it; this replica will be.
        asyncio.get_running_loop().call_later(pause + _LINGER_SECONDS, self.wake)
        return Settlement(attempt, Outcome.AGAIN, reason, pause)

    def _done(self, settlement: Settlement) -> None:
        self._settled.append(settlement)
        self._to_settle.set()

    async def _settle_all(self) -> None:
        while True:
            await self._to_settle.wait()
            await asyncio.sleep(_LINGER_SECONDS)
            await self._write_down()
            # The next of each line can be taken now.
            self.wake()

    async def _write_down(self) -> None:
        """Write all outcomes, again and again until it works or their leases are over anyway."""
        deadline = time.monotonic() + self._settings.delivery_lease_seconds
        while self._settled:
            self._to_settle.clear()
            batch = list(self._settled)
            try:
                held = await self._queue.settle(batch)
            except Exception as error:
                if time.monotonic() > deadline:
                    _log.exception("outcomes of deliveries are lost", extra={"lost": len(batch)})
                    del self._settled[: len(batch)]
                    return
                if not is_transient(error):
                    _log.exception("outcomes of deliveries cannot be written down yet")
                await asyncio.sleep(_DATABASE_PAUSE_SECONDS)
                continue
            del self._settled[: len(batch)]
            self._measure(batch, held)

    def _measure(self, batch: Sequence[Settlement], held: set[int]) -> None:
        now = time.time()
        for settlement in batch:
            attempt = settlement.attempt
            if attempt.delivery_id not in held:
                LOST_LEASES.labels(self._channel).inc()
                continue
            ATTEMPTS.labels(self._channel, settlement.outcome).inc()
            if settlement.outcome is Outcome.SENT:
                NOTIFICATIONS_SENT.labels(self._channel).inc()
                late = now - attempt.message.event_time.timestamp()
                TIME_TO_SENT.labels(self._channel).observe(max(late, 0.0))

    async def _survey(self) -> None:
        backlog = await self._queue.backlog(self._channel)
        WAITING.labels(self._channel).set(backlog.waiting)
        OLDEST.labels(self._channel).set(backlog.oldest)
