"""Beginning again when somebody else changed what a change was based on."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from todo_shared.dapr import SidecarError, StateConflictError
from todo_shared.errors import UnavailableError

T = TypeVar("T")

_ATTEMPTS: Final = 12
_PAUSE_SECONDS: Final = 0.02


async def again_on_conflict(change: Callable[[], Awaitable[T]]) -> T:
    """The result of `change`, which reads what it writes upon, begun again after each conflict.

    Raises UnavailableError when it never got through, or the store cannot be used.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return await change()
        except StateConflictError:
            await asyncio.sleep(_PAUSE_SECONDS * random.uniform(0, attempt + 1))  # noqa: S311
        except SidecarError as error:
            raise UnavailableError("accounts cannot be reached now") from error
    raise UnavailableError("too many changes of accounts at the same time")
