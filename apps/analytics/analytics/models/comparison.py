"""What a rebuild changed, table by table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableComparison:
    """How many rows of one table are alike before and after, differ, or are only in one of both."""

    table: str
    same: int
    different: int
    only_before: int
    only_after: int

    @property
    def alike(self) -> bool:
        """Whether nothing changed."""
        return not (self.different or self.only_before or self.only_after)

    def __str__(self) -> str:
        return (
            f"{self.table}: {self.same} rows alike, {self.different} different, "
            f"{self.only_before} only before, {self.only_after} only after"
        )
