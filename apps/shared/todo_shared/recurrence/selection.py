"""Times picked from an endless stream, without looking for ever."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from todo_shared.recurrence.limits import SILENT_YEARS

_SILENCE: Final = timedelta(days=SILENT_YEARS * 366)


def selected(times: Iterator[datetime], wanted: Callable[[datetime], bool]) -> Iterator[datetime]:
    """Those of increasing `times` that are wanted, until there is none for 50 years."""
    silent_since: datetime | None = None
    for time in times:
        if wanted(time):
            silent_since = None
            yield time
        elif silent_since is None:
            silent_since = time
        elif time - silent_since > _SILENCE:
            return
