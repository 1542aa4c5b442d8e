"""How far the letters of a partition were replayed, as the broker keeps it.

The committed offset says that everything before it was replayed; letters beyond it that were
replayed one by one stand in the commit's metadata. So the record lives where the letters live, and
nothing is kept on the machine of whoever replays.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final, Self

# The broker's default limit (offset.metadata.max.bytes) is 4096.
_METADATA_BYTES: Final = 4000


@dataclass(frozen=True, slots=True)
class Progress:
    """Replayed are all offsets before `next` and those in `beyond`."""

    next: int = 0
    beyond: frozenset[int] = frozenset()

    def includes(self, offset: int) -> bool:
        """Whether the letter at `offset` was replayed."""
        return offset < self.next or offset in self.beyond

    def with_replayed(self, offsets: Iterable[int]) -> Self:
        """This progress after the letters at `offsets` were acknowledged."""
        return self._settled(self.next, self.beyond | frozenset(offsets))

    def from_first(self, first: int) -> Self:
        """This progress when letters before `first` have expired."""
        return self._settled(max(self.next, first), self.beyond)

    @classmethod
    def _settled(cls, start: int, replayed: frozenset[int]) -> Self:
        following = next(at for at in count(start) if at not in replayed)
        return cls(following, frozenset(at for at in replayed if at > following))

    def metadata(self) -> str:
        """`beyond` as ranges, such as 7-9,12; of too many the last are left out.

        A letter that is left out is replayed once more, which its consumer's inbox notices.
        """
        text = ""
        for first, last in _ranges(sorted(self.beyond)):
            part = f"{first}-{last}" if last > first else str(first)
            if len(text) + len(part) >= _METADATA_BYTES:
                break
            text += f",{part}" if text else part
        return text

    @classmethod
    def read(cls, offset: int, metadata: str | None) -> Self:
        """The progress that was committed; none for a negative offset or unknown metadata."""
        if offset < 0:
            return cls()
        beyond: set[int] = set()
        for part in (metadata or "").split(","):
            first, _, last = part.partition("-")
            if not first.isdecimal() or not (last or first).isdecimal():
                break
            beyond.update(range(int(first), int(last or first) + 1))
        return cls._settled(offset, frozenset(beyond))


def _ranges(offsets: Iterable[int]) -> Iterator[tuple[int, int]]:
    first: int | None = None
    last = 0
    for offset in offsets:
        if first is not None and offset == last + 1:
            last = offset
            continue
        if first is not None:
            yield first, last
        first = last = offset
    if first is not None:
        yield first, last
