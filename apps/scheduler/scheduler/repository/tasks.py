"""Tasks and what their changes do to reminders, in one transaction an event.

The row of the task is locked first, then its reminders, then the sequence of its user: every
transaction of this service takes them in this order, so no two can wait for each other.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.models.reminder import (
    Armed,
    CancelAll,
    Canceled,
    CancelFollowing,
    Follow,
    Plan,
    plan,
)
from scheduler.models.task import KnownTask, TaskChange, TaskState
from scheduler.repository.arming import arm_default, move_following
from scheduler.repository.canceling import cancel_all, cancel_following
from todo_shared.database import Database
from todo_shared.events.envelope import D, ReceivedEvent
from todo_shared.inbox import CLAIM, Inbox

_STORE: Final = """
    INSERT INTO tasks AS known
        (task_id, user_id, title, title_seq, due_date, due_seq, state, state_seq)
    SELECT CAST(:task_id AS text), CAST(:user_id AS text), CAST(:title AS text),
        CAST(:title_seq AS bigint), CAST(:due_date AS timestamptz), CAST(:due_seq AS bigint),
        CAST(:state AS text), CAST(:state_seq AS bigint)
"""
_LOCKED: Final = """
    ON CONFLICT (task_id) DO UPDATE SET user_id = known.user_id
    RETURNING task_id, user_id, title, title_seq, due_date, due_seq, state, state_seq,
        xmax = 0 AS is_new
"""
_LOCK: Final = text(_STORE + _LOCKED)
_CLAIM_AND_LOCK: Final = text(f"WITH claimed AS ({CLAIM}) {_STORE} FROM claimed {_LOCKED}")
_SAVE: Final = text("""
    UPDATE tasks SET title = :title, title_seq = :title_seq, due_date = :due_date,
        due_seq = :due_seq, state = :state, state_seq = :state_seq
    WHERE task_id = :task_id
""")
_GET: Final = text("""
    SELECT task_id, user_id, title, title_seq, due_date, due_seq, state, state_seq
    FROM tasks WHERE task_id = :task_id AND user_id = :user_id
""")


@dataclass(frozen=True, slots=True)
class Defaults:
    """The reminders that every task with a due date has: minutes before it, and the channel."""

    offsets: tuple[int, ...]
    channel: str


@dataclass(slots=True)
class Effect:
    """What an event did to reminders."""

    fresh: bool
    stored: list[Armed] = field(default_factory=list[Armed])
    moved: list[Armed] = field(default_factory=list[Armed])
    canceled: list[Canceled] = field(default_factory=list[Canceled])


class TaskRepository:
    """The tasks of one database."""

    def __init__(self, database: Database, consumer: str, defaults: Defaults) -> None:
        self._database = database
        self._inbox = Inbox(consumer)
        self._defaults = defaults

    async def apply(self, event: ReceivedEvent[D], task_id: str, change: TaskChange) -> Effect:
        """Take over `change`, and do to the task's reminders what follows from it."""
        async with self._database.transaction() as connection:
            unknown = KnownTask(task_id, event.data.user_id)
            values = self._inbox.values(event.topic, [event]) | _values(unknown.changed(change))
            row = (await connection.execute(_CLAIM_AND_LOCK, values)).one_or_none()
            if row is None:
                return Effect(fresh=False)
            found, is_new = _task(row), bool(row.is_new)
            before, after = (unknown, found) if is_new else (found, found.changed(change))
            effect = Effect(fresh=True)
            if after != before:
                if not is_new:
                    await connection.execute(_SAVE, _values(after))
                await self._carry_out(connection, plan(before, after, change.at), after, effect)
            return effect

    async def _carry_out(
        self, connection: AsyncConnection, wanted: Plan, task: KnownTask, effect: Effect
    ) -> None:
        match wanted:
            case CancelAll(reason):
                effect.canceled += await cancel_all(connection, task.task_id, reason)
            case CancelFollowing():
                effect.canceled += await cancel_following(connection, task.task_id)
            case Follow(due_date, not_before):
                effect.moved += await move_following(connection, task.task_id, due_date)
                for offset in self._defaults.offsets:
                    effect.stored += await arm_default(
                        connection, task, offset, self._defaults.channel, not_before
                    )
            case None:
                pass

    async def get(self, user_id: str, task_id: str) -> KnownTask | None:
        """A task of the user, as far as it is known."""

        async def work(connection: AsyncConnection) -> KnownTask | None:
            values = {"user_id": user_id, "task_id": task_id}
            found = (await connection.execute(_GET, values)).first()
            return None if found is None else _task(found)

        return await self._database.run(work)


async def lock_task(connection: AsyncConnection, otherwise: KnownTask) -> KnownTask:
    """The row of the task, locked until the transaction ends; a new one is `otherwise`."""
    return _task((await connection.execute(_LOCK, _values(otherwise))).one())


def _values(task: KnownTask) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "user_id": task.user_id,
        "title": task.title,
        "title_seq": task.title_seq,
        "due_date": task.due_date,
        "due_seq": task.due_seq,
        "state": task.state.value,
        "state_seq": task.state_seq,
    }


def _task(row: Row[Any]) -> KnownTask:
    return KnownTask(
        task_id=row.task_id,
        user_id=row.user_id,
        title=row.title,
        title_seq=row.title_seq,
        due_date=row.due_date,
        due_seq=row.due_seq,
        state=TaskState(row.state),
        state_seq=row.state_seq,
    )
