"""A task as far as reminders need it, put together from events that come in any order.

Each field keeps the `seq` of the event that set it: of two events the later one holds, whichever
arrives first. A task that was completed before its creation arrives is completed all the same.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class TaskState(StrEnum):
    """Whether a task can still have reminders."""

    OPEN = "open"
    COMPLETED = "completed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class TaskChange:
    """What one event says of a task: a title, a due date (`sets_due`), a state, or nothing."""

    seq: int
    at: datetime
    title: str | None = None
    sets_due: bool = False
    due_date: datetime | None = None
    state: TaskState | None = None


@dataclass(frozen=True, slots=True)
class KnownTask:
    """One task; a field whose `seq` is 0 was not told by an event yet."""

    task_id: str
    user_id: str
    title: str | None = None
    title_seq: int = 0
    due_date: datetime | None = None
    due_seq: int = 0
    state: TaskState = TaskState.OPEN
    state_seq: int = 0

    def changed(self, change: TaskChange) -> "KnownTask":
        """The task after `change`, which leaves alone what a later event has set. Deleted stays."""
        known = self
        if change.title is not None and change.seq > known.title_seq:
            known = replace(known, title=change.title, title_seq=change.seq)
        if change.sets_due and change.seq > known.due_seq:
            known = replace(known, due_date=change.due_date, due_seq=change.seq)
        if change.state is not None and change.seq > known.state_seq:
            state = TaskState.DELETED if known.state is TaskState.DELETED else change.state
            known = replace(known, state=state, state_seq=change.seq)
        return known
