"""Recurring dates: cron and RRULE rules on wall-clock time in a zone, made into instants."""

from todo_shared.recurrence.catch_up import to_make
from todo_shared.recurrence.description import describe, next_dates
from todo_shared.recurrence.errors import RecurrenceError
from todo_shared.recurrence.kinds import detect_kind
from todo_shared.recurrence.occurrence import Occurrence, occurrence_key, parse_key
from todo_shared.recurrence.policies import (
    CatchUpPolicy,
    GapPolicy,
    OverlapPolicy,
    Policies,
    RuleKind,
    ShortMonthPolicy,
)
from todo_shared.recurrence.rule import Recurrence
from todo_shared.recurrence.zones import TZDATA_VERSION, load_zone, zone_names

__all__ = [
    "TZDATA_VERSION",
    "CatchUpPolicy",
    "GapPolicy",
    "Occurrence",
    "OverlapPolicy",
    "Policies",
    "Recurrence",
    "RecurrenceError",
    "RuleKind",
    "ShortMonthPolicy",
    "describe",
    "detect_kind",
    "load_zone",
    "next_dates",
    "occurrence_key",
    "parse_key",
    "to_make",
    "zone_names",
]
