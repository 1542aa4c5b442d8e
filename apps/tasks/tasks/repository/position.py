"""Where a page of a list ended."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Position:
    """The last row of a page: the moment it is sorted by (None sorts last) and its id."""

    moment: datetime | None
    id: UUID
