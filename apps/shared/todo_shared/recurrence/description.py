"""A recurrence in words, so that a person can see what was understood."""

from datetime import datetime

from todo_shared.recurrence.cron import CronRule
from todo_shared.recurrence.cron_words import cron_words
from todo_shared.recurrence.occurrence import Occurrence
from todo_shared.recurrence.rrule_words import rrule_words
from todo_shared.recurrence.rule import Recurrence


def describe(recurrence: Recurrence) -> str:
    """As "every second Friday at 09:00, Europe/Berlin"."""
    rule = recurrence.local_rule
    words = cron_words(rule) if isinstance(rule, CronRule) else rrule_words(rule)
    return f"{words}, {recurrence.zone}"


def next_dates(recurrence: Recurrence, after: datetime, n: int = 3) -> tuple[Occurrence, ...]:
    """The next `n` occurrences after the aware instant `after`, fewer when it ends before."""
    return recurrence.following(after, n)
