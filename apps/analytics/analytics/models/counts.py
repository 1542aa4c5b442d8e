"""What is counted for each user and day."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Measure(StrEnum):
    """One thing that is counted, named as its column."""

    TASKS_CREATED = "tasks_created"
    TASKS_COMPLETED = "tasks_completed"
    TASKS_DELETED = "tasks_deleted"
    REMINDERS_TRIGGERED = "reminders_triggered"
    REMINDERS_CANCELED = "reminders_canceled"
    REGISTRATIONS = "registrations"
    LOGINS = "logins"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that counts once: whose it is, the day in UTC, and what it is."""

    user_id: str
    day: date
    measure: Measure


def counted(
    occurrences: Iterable[Occurrence],
) -> dict[tuple[str, date], Counter[Measure]]:
    """How often each thing happened, by user and day in ascending order."""
    counts: dict[tuple[str, date], Counter[Measure]] = {}
    for each in occurrences:
        counts.setdefault((each.user_id, each.day), Counter())[each.measure] += 1
    return dict(sorted(counts.items()))
