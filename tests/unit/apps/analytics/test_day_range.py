"""Which days a report covers."""

from datetime import date, timedelta

import pytest

from analytics.models.reports import MAX_DAYS, DayRange
from todo_shared.errors import InvalidError

TODAY = date(2026, 3, 15)


def asked(**given: str) -> DayRange:
    return DayRange.model_validate(given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (date(2026, 2, 14), TODAY)),
        ({"from": "2026-03-01"}, (date(2026, 3, 1), TODAY)),
        ({"to": "2026-01-30"}, (date(2026, 1, 1), date(2026, 1, 30))),
        ({"from": "2026-03-20"}, (date(2026, 3, 20), date(2026, 3, 20))),
        ({"from": "2026-01-05", "to": "2026-01-05"}, (date(2026, 1, 5), date(2026, 1, 5))),
        ({"to": "2000-01-01"}, (date(1999, 12, 3), date(2000, 1, 1))),
    ],
)
def test_what_is_left_out_has_a_meaning(given: dict[str, str], expected: tuple[date, date]) -> None:
    assert asked(**given).days(TODAY) == expected


def test_a_year_is_the_most() -> None:
    first = date(2025, 1, 1)
    longest = first + timedelta(days=MAX_DAYS - 1)
    days = {"from": first.isoformat(), "to": longest.isoformat()}
    assert asked(**days).days(TODAY) == (first, longest)
    with pytest.raises(InvalidError, match="366"):
        asked(**days | {"to": (longest + timedelta(days=1)).isoformat()}).days(TODAY)


def test_days_in_the_wrong_order_mean_nothing() -> None:
    with pytest.raises(InvalidError, match="after"):
        asked(**{"from": "2026-01-02", "to": "2026-01-01"}).days(TODAY)
