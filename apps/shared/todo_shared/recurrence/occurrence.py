"""One date of a recurrence, and the key by which it is known for ever."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from todo_shared.recurrence.errors import RecurrenceError

_KEY: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(\+f1)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One date of a recurrence: the wall-clock time the rule names, and when that really is.

    `local` is naive and may not exist in its zone, `instant` is UTC, `fold` is 1 for the later of
    two equal wall-clock times.
    """

    local: datetime
    instant: datetime
    fold: int = 0

    @property
    def key(self) -> str:
        """What names this occurrence in its series: it outlives changes of time zone data."""
        return occurrence_key(self.local, self.fold)

    @property
    def instance_date(self) -> date:
        """The day the rule means, in the zone of the recurrence."""
        return self.local.date()


def occurrence_key(local: datetime, fold: int = 0) -> str:
    """`2026-10-25T02:30`, or `2026-10-25T02:30+f1` when the clock shows it a second time."""
    return local.isoformat(timespec="minutes") + ("+f1" if fold else "")


def parse_key(key: str) -> tuple[datetime, int]:
    """The local time and fold of an occurrence key. Raises RecurrenceError."""
    found = _KEY.fullmatch(key)
    try:
        local = datetime.fromisoformat(found[1] if found else "")
    except ValueError as error:
        raise RecurrenceError(
            "is not the key of an occurrence",
            where=repr(key[:80]),
            remedy="write it as 2026-10-25T02:30 or 2026-10-25T02:30+f1",
        ) from error
    return local, int(found is not None and found[2] is not None)
