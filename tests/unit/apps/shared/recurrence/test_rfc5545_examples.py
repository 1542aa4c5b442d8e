"""What RFC 5545 itself says its rules give."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from rfc5545_examples import EXAMPLES, Example, dates_of

from todo_shared.recurrence import Recurrence, RecurrenceError

NEW_YORK = "America/New_York"
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)


def found(rule: str, start: datetime, limit: int) -> list[datetime]:
    recurrence = Recurrence.parse(rule, "rrule", NEW_YORK, start)
    return [each.instant for each in recurrence.following(LONG_AGO, limit)]


def instants(local: list[datetime]) -> list[datetime]:
    return [time.replace(tzinfo=ZoneInfo(NEW_YORK)).astimezone(UTC) for time in local]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule)
def test_an_example_of_the_rfc(example: Example) -> None:
    expected = instants(dates_of(example.dates))
    start = datetime.fromisoformat(f"{example.start}T09:00")
    limit = len(expected) + (1 if example.whole else 0)
    assert found(example.rule, start, limit) == expected


def test_the_examples_cross_the_change_of_october_1997() -> None:
    start = datetime(1997, 9, 2, 9)
    made = found("FREQ=DAILY;UNTIL=19971224T000000Z", start, 200)
    assert {f"{each:%H:%M}" for each in made[:54]} == {"13:00"}
    assert {f"{each:%H:%M}" for each in made[54:]} == {"14:00"}
    assert made[54] == datetime(1997, 10, 26, 14, tzinfo=UTC)


def test_every_three_hours_until_an_instant() -> None:
    start = datetime(1997, 9, 2, 9)
    expected = [datetime(1997, 9, 2, hour, tzinfo=UTC) for hour in (13, 16)]
    assert found("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000Z", start, 9) == expected


def test_every_twenty_minutes_of_the_working_day() -> None:
    rule = "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40"
    made = found(rule, datetime(1997, 9, 2, 9), 48)
    day = [f"{hour}:{minute:02}" for hour in range(13, 21) for minute in (0, 20, 40)]
    assert [f"{each.hour}:{each.minute:02}" for each in made] == day * 2


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MINUTELY;INTERVAL=15;COUNT=6",
        "FREQ=MINUTELY;INTERVAL=90;COUNT=4",
        "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16",
    ],
)
def test_rules_by_the_minute_are_refused(rule: str) -> None:
    with pytest.raises(RecurrenceError, match="too frequent"):
        found(rule, datetime(1997, 9, 2, 9), 1)
