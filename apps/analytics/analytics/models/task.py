"""A task as far as reports need it, put together from events that come in any order.

Facts about one task are joined; the join is commutative, associative and idempotent, so neither
order nor repeats matter.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TaskFact:
    """What is known of one task. Empty is what no event has told.

    `completed_at` is that of the event with the highest `completion_seq`, which may have reopened
    the task: then it is empty.
    """

    task_id: str
    user_id: str
    created_at: datetime | None = None
    completed_at: datetime | None = None
    completion_seq: int = 0
    deleted_at: datetime | None = None

    def joined(self, other: "TaskFact") -> "TaskFact":
        """What both know together of the same task."""
        newer = other if other.completion_seq > self.completion_seq else self
        return TaskFact(
            task_id=self.task_id,
            user_id=self.user_id,
            created_at=_earliest(self.created_at, other.created_at),
            completed_at=newer.completed_at,
            completion_seq=newer.completion_seq,
            deleted_at=_earliest(self.deleted_at, other.deleted_at),
        )


def joined_by_task(facts: Iterable[TaskFact]) -> list[TaskFact]:
    """One fact a task, in ascending order of ids."""
    known: dict[str, TaskFact] = {}
    for fact in facts:
        before = known.get(fact.task_id)
        known[fact.task_id] = fact if before is None else before.joined(fact)
    return [known[task_id] for task_id in sorted(known)]


def _earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return min(one, other)
