"""What the scheduler did, one record a line, so that a run can be checked afterwards."""

import logging
import os
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from scheduler.clock import DatabaseClock
from scheduler.models.reminder import Armed, Canceled, Fired
from scheduler.models.series import Series, generation_time
from scheduler.trace import Action, TraceRecord
from todo_shared.recurrence import Occurrence

_log = logging.getLogger(__name__)
_MODE: Final = 0o644


class Journal:
    """Writes actions to a file that replicas may share, or to the log when there is none.

    A line is one write, complete or not there at all, so that lines of replicas do not mix.
    """

    def __init__(self, replica: str, clock: DatabaseClock, path: Path | None = None) -> None:
        self._replica = replica
        self._clock = clock
        self._path = path
        self._file: int | None = None

    def __enter__(self) -> Self:
        if self._path is not None:
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _MODE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def reminder_stored(self, reminder: Armed, task_id: str) -> None:
        """A pending reminder was stored, or moved to another time."""
        self._of_reminder(Action.REMINDER_STORED, str(reminder.id), task_id, reminder.trigger_time)

    def reminder_fired(self, reminder: Fired) -> None:
        """A reminder was triggered."""
        self._of_reminder(
            Action.REMINDER_FIRED, str(reminder.id), reminder.task_id, reminder.trigger_time
        )

    def reminder_canceled(self, reminder: Canceled) -> None:
        """A pending reminder was canceled."""
        self._of_reminder(Action.REMINDER_CANCELED, str(reminder.id), reminder.task_id, None)

    def claimed(self, series: Series) -> None:
        """A due series was leased."""
        if series.cursor is not None:
            self._of_series(Action.CLAIMED, series, series.cursor.key, series.cursor.generation_at)

    def instance(self, action: Action, series: Series, occurrence: Occurrence) -> None:
        """`action` on one occurrence: asked for, made, or passed over by policy."""
        due = generation_time(occurrence, series.lead_minutes)
        self._of_series(action, series, occurrence.key, due)

    def cursor_advanced(self, series: Series, key: str) -> None:
        """The cursor left the occurrence `key`."""
        self._of_series(Action.CURSOR_ADVANCED, series, key, None)

    def lease_lost(self, series: Series) -> None:
        """Somebody else went on with the series, or it was changed."""
        self._of_series(Action.LEASE_LOST, series, None, None)

    def _of_reminder(
        self, action: Action, reminder_id: str, task_id: str, trigger_time: datetime | None
    ) -> None:
        self._write(
            TraceRecord(
                at=self._clock.now(),
                replica=self._replica,
                action=action,
                reminder_id=reminder_id,
                task_id=task_id,
                trigger_time=trigger_time,
            )
        )

    def _of_series(
        self, action: Action, series: Series, key: str | None, trigger_time: datetime | None
    ) -> None:
        self._write(
            TraceRecord(
                at=self._clock.now(),
                replica=self._replica,
                action=action,
                series_id=series.id,
                fence=series.fence,
                occurrence_key=key,
                trigger_time=trigger_time,
            )
        )

    def _write(self, record: TraceRecord) -> None:
        if self._file is None:
            told = record.model_dump(mode="json", exclude_none=True, exclude={"at"})
            _log.info("%s", record.action.value, extra={"record": told})
            return
        os.write(self._file, record.model_dump_json(exclude_none=True).encode() + b"\n")
