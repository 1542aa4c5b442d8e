"""What is due when: a heap of moments in which a thing may move or disappear."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

_SLACK = 64
"""So many forgotten entries may stay in the heap before it is built anew."""


@dataclass(frozen=True, slots=True, order=True)
class _Entry(Generic[K]):
    at: datetime
    number: int
    key: K = field(compare=False)


class Agenda(Generic[K]):
    """Keys by the moment they are due; each key is on it at most once."""

    def __init__(self) -> None:
        self._heap: list[_Entry[K]] = []
        self._current: dict[K, _Entry[K]] = {}
        self._number = 0

    def __len__(self) -> int:
        return len(self._current)

    def __contains__(self, key: K) -> bool:
        return key in self._current

    def put(self, key: K, at: datetime) -> None:
        """Note `key` for `at`, wherever it was before."""
        known = self._current.get(key)
        if known is not None and known.at == at:
            return
        self._number += 1
        entry = _Entry(at, self._number, key)
        self._current[key] = entry
        heappush(self._heap, entry)
        if len(self._heap) > 2 * len(self._current) + _SLACK:
            self._heap = list(self._current.values())
            heapify(self._heap)

    def drop(self, key: K) -> None:
        """Forget `key`."""
        self._current.pop(key, None)

    def next_at(self) -> datetime | None:
        """When the first key is due; None when there is none."""
        while self._heap and self._current.get(self._heap[0].key) is not self._heap[0]:
            heappop(self._heap)
        return self._heap[0].at if self._heap else None

    def take(self, now: datetime, limit: int) -> list[K]:
        """Remove and return up to `limit` keys due at `now` or before, the earliest first."""
        taken: list[K] = []
        while len(taken) < limit:
            at = self.next_at()
            if at is None or at > now:
                break
            entry = heappop(self._heap)
            del self._current[entry.key]
            taken.append(entry.key)
        return taken
