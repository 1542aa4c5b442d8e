"""The phases of the migration to the state store."""

from enum import StrEnum
from typing import Final


class ReadCopyMode(StrEnum):
    """Where tasks are copied to and where single ones are read; each phase contains the last."""

    POSTGRES = "postgres"
    """No copies."""
    DUAL_WRITE = "dual-write"
    """Changes are copied; reads are from PostgreSQL."""
    STATE_FIRST = "state-first"
    """Reads are from the state store, and from PostgreSQL when the copy is missing or behind."""
    STATE_ONLY = "state-only"
    """Reads of single tasks are from the state store alone."""

    @property
    def step(self) -> int:
        """Its place in the order of phases, from 0."""
        return _ORDER.index(self)


_ORDER: Final = tuple(ReadCopyMode)


def lower_of(first: ReadCopyMode, second: ReadCopyMode) -> ReadCopyMode:
    """The phase that relies less on copies."""
    return min(first, second, key=lambda mode: mode.step)
