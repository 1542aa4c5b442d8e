"""A reminder, and what a change of its task does to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID
from zlib import crc32

from scheduler.models.task import KnownTask, TaskState
from todo_shared.events.payloads import CancelReason

SHARDS: Final = 64
"""A multiple of the outbox's shards, so that the one number gives the other."""

_REASONS: Final[dict[TaskState, CancelReason]] = {
    TaskState.COMPLETED: "task_completed",
    TaskState.DELETED: "task_deleted",
}


def shard_of(user_id: str) -> int:
    """The shard that all reminders of a user belong to; a replica is the primary of each."""
    return crc32(user_id.encode()) % SHARDS


class ReminderStatus(StrEnum):
    """Where a reminder is in its life; the last two are for ever."""

    PENDING = "pending"
    TRIGGERED = "triggered"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Reminder:
    """One reminder of one task; with an offset it follows the due date, without it stays."""

    id: UUID
    task_id: str
    user_id: str
    channel: str
    offset_minutes: int | None
    automatic: bool
    trigger_time: datetime
    status: ReminderStatus
    created_at: datetime
    fired_at: datetime | None = None
    canceled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Armed:
    """When a pending reminder is due, and to which shard it belongs."""

    id: UUID
    shard: int
    trigger_time: datetime


@dataclass(frozen=True, slots=True)
class Fired:
    """A reminder that has just been triggered, and how late."""

    id: UUID
    task_id: str
    channel: str
    trigger_time: datetime
    seconds_late: float


@dataclass(frozen=True, slots=True)
class Canceled:
    """A reminder that has just been canceled."""

    id: UUID
    task_id: str
    user_id: str


def trigger_time(due_date: datetime, offset_minutes: int) -> datetime:
    """When a reminder `offset_minutes` before the due date is due."""
    return due_date - timedelta(minutes=offset_minutes)


@dataclass(frozen=True, slots=True)
class CancelAll:
    """All pending reminders end, for `reason`."""

    reason: CancelReason


@dataclass(frozen=True, slots=True)
class CancelFollowing:
    """There is no due date to follow any more; reminders at a fixed time stay."""


@dataclass(frozen=True, slots=True)
class Follow:
    """Reminders move with `due_date`, and default ones are stored if due after `not_before`."""

    due_date: datetime
    not_before: datetime | None = None


Plan = CancelAll | CancelFollowing | Follow | None


def plan(before: KnownTask, after: KnownTask, at: datetime) -> Plan:
    """What must happen to the reminders of a task that changed at `at`."""
    if reason := _REASONS.get(after.state):
        return CancelAll(reason)
    moved = after.due_seq != before.due_seq
    reopened = after.state is not before.state
    if not moved and not reopened:
        return None
    if after.due_date is None:
        return CancelFollowing() if before.due_date is not None else None
    # A task that is taken up again must not remind of a time that passed while it was done.
    return Follow(after.due_date, None if moved else at)
