"""A copy of a task: what stands in the state store under `task:{user_id}:{id}`."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from tasks.models.task import Task
from todo_shared.dapr import ABSENT, StoredValue, Upsert, state_key
from todo_shared.models import TaskResponse

# A tombstone keeps a late write of an older version from bringing the task back. No write is under
# way for as long as this, and a task that is gone need not be remembered for ever.
TOMBSTONE_SECONDS: Final = 7 * 86_400
_FIELDS: Final = frozenset(TaskResponse.model_fields)


class UnreadableCopyError(Exception):
    """The value is not a copy of a task."""


@dataclass(frozen=True, slots=True)
class TaskCopy:
    """One version of a task; `task` is None in a tombstone."""

    version: int
    task: TaskResponse | None

    @classmethod
    def of(cls, task: Task) -> "TaskCopy":
        """The copy that this task should have."""
        return cls(task.version, None if task.deleted_at is not None else task.response())

    @classmethod
    def parse(cls, value: bytes) -> "TaskCopy":
        """Read what stands in the store; raises UnreadableCopyError.

        A field that is not known here was written by a newer service and is passed over.
        """
        try:
            document: dict[str, Any] = from_json(value)
            if document.get("deleted") is True:
                return cls(int(document["version"]), None)
            known = {name: each for name, each in document.items() if name in _FIELDS}
            task = TaskResponse.model_validate(known)
        except (ValueError, AttributeError, KeyError, TypeError, ValidationError) as error:
            raise UnreadableCopyError(str(error)) from error
        return cls(task.version, task)

    def json(self) -> bytes:
        """What to write."""
        if self.task is None:
            return to_json({"deleted": True, "version": self.version})
        return to_json(self.task)

    def upsert(self, key: str, held: StoredValue | None) -> Upsert:
        """The write that happens only if `held` is still what stands under `key`."""
        etag = ABSENT if held is None else held.etag
        return Upsert(key, self.json(), etag, TOMBSTONE_SECONDS if self.task is None else None)


def copy_key(user_id: str, task_id: str | UUID) -> str:
    """Where the copy of a task stands."""
    return state_key("task", user_id, str(task_id))


def digest(value: bytes) -> str:
    """The same for equal JSON, whatever the order of its fields."""
    canonical = json.dumps(from_json(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def needed_write(
    key: str,
    truth: TaskCopy,
    held: StoredValue | None,
    *,
    bury: bool = True,
    replace: bool = False,
) -> Upsert | None:
    """The write that brings `held` to `truth`; None when there is nothing to do.

    A newer version stays, unless `replace`. With `bury` a task that is gone gets a tombstone even
    where there is no copy of it.
    """
    if held is None:
        return truth.upsert(key, None) if bury or truth.task is not None else None
    try:
        present = TaskCopy.parse(held.value)
    except UnreadableCopyError:
        return truth.upsert(key, held)
    if present.version > truth.version and not replace:
        return None
    if present.version == truth.version and from_json(held.value) == from_json(truth.json()):
        return None
    return truth.upsert(key, held)
