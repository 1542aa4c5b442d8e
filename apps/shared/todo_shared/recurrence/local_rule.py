"""What a rule is once it is parsed: wall-clock times, without a zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class End:
    """When a rule stops by its own words; at most one of the three is set."""

    count: int | None = None
    local: datetime | None = None
    instant: datetime | None = None


class LocalRule(Protocol):
    """A rule that names wall-clock times."""

    @property
    def end(self) -> End:
        """When it stops by its own words; `times_from` can keep only an end in local time."""
        ...

    @property
    def follows_real_time(self) -> bool:
        """Whether it means "every so often" and not "at this time of day" (cron wildcards)."""
        ...

    def times_from(self, start: datetime) -> Iterator[datetime]:
        """Its local times at or after `start`, increasing, until 50 years hold none."""
        ...
