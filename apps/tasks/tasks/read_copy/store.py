"""The state store as the copies use it: an older version never replaces a newer one."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from tasks.read_copy.task_copy import TaskCopy, UnreadableCopyError
from todo_shared.dapr import StateConflictError, StateStore, StoredValue

_ATTEMPTS: Final = 5


class CopyStore(StateStore, Protocol):
    """A StateStore that can be asked for many keys at once: DaprStateService has it."""

    async def get_many(self, keys: Sequence[str]) -> Mapping[str, StoredValue]:
        """The values of those of `keys` that have one."""
        ...


async def put_newer(store: StateStore, key: str, copy: TaskCopy) -> bool:
    """Write `copy` unless this version or a newer one is there; whether it was written.

    Raises SidecarError, also when others kept changing the value.
    """
    # Whoever makes the first version most likely finds nothing there, and need not look.
    held = None if copy.version == 1 else await store.get(key)
    for attempt in range(_ATTEMPTS):
        if held is not None and _version(held) >= copy.version:
            return False
        try:
            await store.transact([copy.upsert(key, held)])
        except StateConflictError:
            if attempt == _ATTEMPTS - 1:
                raise
            held = await store.get(key)
        else:
            return True
    raise AssertionError("unreachable")


def _version(held: StoredValue) -> int:
    try:
        return TaskCopy.parse(held.value).version
    except UnreadableCopyError:
        return 0
