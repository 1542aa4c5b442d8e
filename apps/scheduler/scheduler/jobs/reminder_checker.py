"""Fires reminders at the instant they are due.

The reminders of the next minute wait in memory. At its instant the primary of a reminder asks the
database to trigger it, the other replicas ask a moment later; the database lets one of them, once,
and never early. `refill` reads the next minute, and whatever was missed.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

from scheduler.agenda import Agenda
from scheduler.clock import DatabaseClock
from scheduler.journal import Journal
from scheduler.metrics import LATENESS, REMINDERS, REMINDERS_WAITING
from scheduler.models.reminder import Armed, Fired
from todo_shared.failures import is_transient

_log = logging.getLogger(__name__)

WINDOW: Final = timedelta(seconds=60)
REFILL: Final = timedelta(seconds=30)
BACKUP_DELAY: Final = timedelta(milliseconds=150)
LIMIT: Final = 50_000
_BATCH: Final = 500
_PAUSES: Final = (0.05, 0.1, 0.2, 0.5, 1.0)


class DueReminders(Protocol):
    """What the timer needs of its storage: ReminderRepository has it."""

    async def due_within(self, seconds: float, limit: int) -> list[Armed]:
        """Pending reminders, overdue or due within `seconds`."""
        ...

    async def fire(self, ids: Sequence[UUID]) -> list[Fired]:
        """Trigger those that are pending and due; each is returned once, to one caller."""
        ...

    async def still_pending(self, ids: Sequence[UUID]) -> list[Armed]:
        """Those that are pending, with the time of the next try."""
        ...


class Primaries(Protocol):
    """Who fires first: Membership knows it."""

    def is_primary(self, shard: int) -> bool:
        """Whether that is this replica."""
        ...


class ReminderChecker:
    """The timer of one replica."""

    def __init__(
        self,
        reminders: DueReminders,
        primaries: Primaries,
        clock: DatabaseClock,
        journal: Journal,
        limit: int = LIMIT,
    ) -> None:
        self._reminders = reminders
        self._primaries = primaries
        self._clock = clock
        self._journal = journal
        self._limit = limit
        self._agenda = Agenda[UUID]()
        self._changed = asyncio.Event()
        self._stopping = False
        self._truncated = False
        self._refill_at = clock.now()
        self._failures = 0

    def armed(self, reminder: Armed) -> None:
        """A reminder was stored or moved: keep it when it is due soon."""
        if reminder.trigger_time > self._clock.now() + WINDOW:
            self._agenda.drop(reminder.id)
            return
        self._put(reminder)
        self._changed.set()

    def canceled(self, reminder_id: UUID) -> None:
        """A reminder was canceled: the database would not fire it anyway."""
        self._agenda.drop(reminder_id)

    async def refill(self) -> None:
        """Read what is overdue and what is due within the next minute."""
        found = await self._reminders.due_within(WINDOW.total_seconds(), self._limit)
        for reminder in found:
            self._put(reminder)
        self._truncated = len(found) == self._limit
        self._refill_at = self._clock.now() + REFILL
        self._changed.set()

    def stop(self) -> None:
        """Let `run` return after the batch in hand."""
        self._stopping = True
        self._changed.set()

    async def run(self) -> None:
        """Fire until `stop`; while the database is away, what is due is tried again and again."""
        while not self._stopping:
            try:
                await self._turn()
                self._failures = 0
            except Exception as error:
                _log.warning(
                    "reminders are tried again: %s", error, exc_info=not is_transient(error)
                )
                await asyncio.sleep(_PAUSES[min(self._failures, len(_PAUSES) - 1)])
                self._failures += 1

    async def _turn(self) -> None:
        self._changed.clear()
        now = self._clock.now()
        few = len(self._agenda) < self._limit // 2
        if now >= self._refill_at or (self._truncated and few):
            await self.refill()
            return
        ids = self._agenda.take(now, _BATCH)
        if ids:
            await self._fire(ids)
            return
        REMINDERS_WAITING.set(len(self._agenda))
        next_at = self._agenda.next_at()
        wake_at = self._refill_at if next_at is None else min(next_at, self._refill_at)
        try:
            await asyncio.wait_for(
                self._changed.wait(), max(self._clock.seconds_until(wake_at), 0.0)
            )
        except TimeoutError:
            return

    async def _fire(self, ids: list[UUID]) -> None:
        try:
            fired = await self._reminders.fire(ids)
            for each in fired:
                LATENESS.observe(each.seconds_late)
                REMINDERS.labels("triggered").inc()
                self._journal.reminder_fired(each)
            rest = set(ids) - {each.id for each in fired}
            if rest:
                # Too early by the database's clock, in the hands of another replica, or over.
                for reminder in await self._reminders.still_pending(sorted(rest)):
                    self._put(reminder)
        except BaseException:
            retry_at = self._clock.now()
            for reminder_id in ids:
                self._agenda.put(reminder_id, retry_at)
            raise

    def _put(self, reminder: Armed) -> None:
        first = self._primaries.is_primary(reminder.shard)
        delay = timedelta() if first else BACKUP_DELAY
        self._agenda.put(reminder.id, reminder.trigger_time + delay)
