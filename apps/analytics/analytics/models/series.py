"""A recurring task as far as reports need it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeriesFact:
    """The state of one series at `version`; one that was deleted is not active."""

    series_id: str
    user_id: str
    version: int
    active: bool


def newest_by_series(facts: Iterable[SeriesFact]) -> list[SeriesFact]:
    """The highest version of each series, in ascending order of ids."""
    known: dict[str, SeriesFact] = {}
    for fact in facts:
        if fact.series_id not in known or known[fact.series_id].version < fact.version:
            known[fact.series_id] = fact
    return [known[series_id] for series_id in sorted(known)]
