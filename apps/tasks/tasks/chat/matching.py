"""Finding the one task that a reference means."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from tasks.chat.executor import AmbiguousTaskError, Candidate
from todo_shared.errors import NotFoundError

_WORD: Final = re.compile(r"\w+")
_SHOWN: Final = 5


def match_task(reference: str, candidates: Iterable[Candidate]) -> Candidate:
    """The task whose id, whole title, or only title with all these words is `reference`.

    Raises NotFoundError when there is none, AmbiguousTaskError when there are several.
    """
    tasks = tuple(candidates)
    wanted = words_of(reference)
    for found in (
        [task for task in tasks if task.id == reference],
        [task for task in tasks if words_of(task.title) == wanted],
        [task for task in tasks if wanted and set(wanted) <= set(words_of(task.title))],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            titles = ", ".join(f'"{task.title}"' for task in found[:_SHOWN])
            raise AmbiguousTaskError(f"Which one do you mean: {titles}?", found[:_SHOWN])
    raise NotFoundError(f'There is no task "{reference}".')


def words_of(text: str) -> Sequence[str]:
    """The words that are compared, in lower case."""
    return _WORD.findall(text.casefold())
