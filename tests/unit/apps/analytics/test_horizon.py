"""From which day on the broker can tell everything."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from analytics.rebuild.retention import horizon
from todo_shared.topic_reader import Extent

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


class Message:
    """A message that tells its time."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def timestamp(self) -> tuple[int, int]:
        return 1, int(self._at.timestamp() * 1000)


class Reader:
    """The first messages of partitions."""

    def __init__(self, *first: datetime | None) -> None:
        self._first = first

    def read(self, extent: Extent) -> Iterator[Message]:
        at = self._first[extent.partition]
        return iter([] if at is None else [Message(at), Message(NOW)])


def at(*moment: int) -> datetime:
    return datetime(2026, 3, *moment, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "times", "expected"),
    [
        ([0, 0], [at(1), at(2)], None),
        ([5, 0], [at(10, 23, 59), at(14)], date(2026, 3, 11)),
        ([5, 3], [at(10), at(12, 0, 0)], date(2026, 3, 13)),
        ([5, 3], [at(10), None], date(2026, 3, 11)),
        ([5], [None], date(2026, 3, 9)),
    ],
)
def test_the_partition_that_lost_most_decides(
    first: list[int], times: list[datetime | None], expected: date | None
) -> None:
    extents = [Extent("t", number, offset, 9, -1, None) for number, offset in enumerate(first)]
    reader: Any = Reader(*times)
    assert horizon(reader, extents, NOW) == expected
