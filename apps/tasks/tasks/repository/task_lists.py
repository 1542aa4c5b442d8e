"""The statements that list tasks: only the conditions that were asked for are in them."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import TextClause, text

from tasks.repository.position import Position
from tasks.repository.search import MATCHES, pattern_of
from tasks.repository.task_rows import COLUMNS
from todo_shared.models import DueQuery, TaskQuery, TaskSort, TaskStatus

_ORDER: Final = {
    TaskSort.CREATED: "created_at DESC, id DESC",
    TaskSort.DUE: "due_date ASC NULLS LAST, id ASC",
}
_AFTER_CREATED: Final = "(created_at, id) < (:after_moment, :after_id)"
_AFTER_DUE: Final = (
    "(due_date > :after_moment OR due_date = :after_moment AND id > :after_id OR due_date IS NULL)"
)
_AFTER_UNDUE: Final = "(due_date IS NULL AND id > :after_id)"

Statement = tuple[TextClause, Mapping[str, Any]]


def of_user(user_id: str, wanted: TaskQuery, after: Position | None, limit: int) -> Statement:
    """The tasks of a user that `wanted` describes, with what to bind."""
    conditions = ["user_id = :user_id", "deleted_at IS NULL"]
    values: dict[str, Any] = {"user_id": user_id, "limit": limit}
    if wanted.status is not None:
        conditions.append("status = :status")
        values["status"] = wanted.status.value
    if wanted.q is not None:
        conditions.append(MATCHES)
        values["pattern"] = pattern_of(wanted.q)
    if wanted.due_before is not None:
        conditions.append("due_date < :due_before")
        values["due_before"] = wanted.due_before
    if wanted.due_after is not None:
        conditions.append("due_date >= :due_after")
        values["due_after"] = wanted.due_after
    if wanted.has_due is not None:
        conditions.append("due_date IS NOT NULL" if wanted.has_due else "due_date IS NULL")
    if after is not None:
        conditions.append(_after(wanted.sort, after))
        values |= _after_values(after)
    return _select(tuple(conditions), _ORDER[wanted.sort]), values


def due(wanted: DueQuery, after: Position | None, limit: int) -> Statement:
    """The pending tasks of all users that are due before a moment, with what to bind."""
    conditions = ["deleted_at IS NULL", f"status = '{TaskStatus.PENDING}'", "due_date < :before"]
    values: dict[str, Any] = {"before": wanted.before, "limit": limit}
    if wanted.due_after is not None:
        conditions.append("due_date >= :due_after")
        values["due_after"] = wanted.due_after
    if after is not None:
        conditions.append("(due_date, id) > (:after_moment, :after_id)")
        values |= _after_values(after)
    return _select(tuple(conditions), "due_date, id"), values


def _after(sort: TaskSort, after: Position) -> str:
    if sort is TaskSort.CREATED:
        return _AFTER_CREATED
    return _AFTER_UNDUE if after.moment is None else _AFTER_DUE


def _after_values(after: Position) -> dict[str, Any]:
    moment = {} if after.moment is None else {"after_moment": after.moment}
    return {"after_id": after.id, **moment}


@lru_cache(maxsize=256)
def _select(conditions: tuple[str, ...], order: str) -> TextClause:
    return text(f"""
        SELECT {COLUMNS} FROM tasks WHERE {" AND ".join(conditions)}
        ORDER BY {order} LIMIT :limit
    """)  # noqa: S608 - literals of this module, values are bound
