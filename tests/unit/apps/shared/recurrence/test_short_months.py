"""Days 29 to 31 where the month has none."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from todo_shared.recurrence import (
    Policies,
    Recurrence,
    RecurrenceError,
    RuleKind,
    ShortMonthPolicy,
    detect_kind,
)

SKIP, CLAMP, ROLL = ShortMonthPolicy.SKIP, ShortMonthPolicy.CLAMP, ShortMonthPolicy.ROLL
START = datetime(2026, 1, 1, 9)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def days(rule: str, policy: ShortMonthPolicy, count: int, start: datetime = START) -> list[str]:
    recurrence = Recurrence.parse(
        rule, detect_kind(rule), "UTC", start, Policies(short_month=policy)
    )
    return [f"{each.local:%y-%m-%d}" for each in recurrence.following(LONG_AGO, count)]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (SKIP, ["26-01-31", "26-03-31", "26-05-31", "26-07-31"]),
        (CLAMP, ["26-01-31", "26-02-28", "26-03-31", "26-04-30"]),
        (ROLL, ["26-01-31", "26-03-01", "26-03-31", "26-05-01"]),
    ],
)
@pytest.mark.parametrize("rule", ["FREQ=MONTHLY;BYMONTHDAY=31", "0 9 31 * *"])
def test_the_31st(rule: str, policy: ShortMonthPolicy, expected: list[str]) -> None:
    assert days(rule, policy, 4) == expected


def test_the_day_of_the_start_counts_as_well() -> None:
    assert days("FREQ=MONTHLY", CLAMP, 3, datetime(2026, 1, 30, 9)) == [
        "26-01-30",
        "26-02-28",
        "26-03-30",
    ]


@pytest.mark.parametrize(
    ("rule", "policy", "expected"),
    [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", SKIP, ["28-02-29", "32-02-29"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", CLAMP, ["26-02-28", "27-02-28", "28-02-29"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ROLL, ["26-03-01", "27-03-01", "28-02-29"]),
        ("0 9 30 2 *", CLAMP, ["26-02-28", "27-02-28", "28-02-29"]),
        ("0 9 30 2 *", ROLL, ["26-03-01", "27-03-01", "28-03-01"]),
        ("0 9 30,31 2,3,4 *", CLAMP, ["26-02-28", "26-03-30", "26-03-31", "26-04-30"]),
        ("0 9 30,31 2,3,4 *", ROLL, ["26-03-01", "26-03-30", "26-03-31", "26-04-30", "26-05-01"]),
        ("0 9,17 30,31 4 *", ROLL, ["26-04-30", "26-04-30", "26-05-01", "26-05-01"]),
        ("0 9 1,31 4,5 *", ROLL, ["26-04-01", "26-05-01", "26-05-31"]),
        ("0 9 31 1,3 *", ROLL, ["26-01-31", "26-03-31", "27-01-31"]),
        ("0 9 1,15 * *", CLAMP, ["26-01-01", "26-01-15", "26-02-01"]),
        ("FREQ=MONTHLY;INTERVAL=13;BYMONTHDAY=31", CLAMP, ["26-01-31", "27-02-28", "28-03-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=2", ROLL, ["26-01-31", "26-03-01"]),
    ],
)
def test_other_days(rule: str, policy: ShortMonthPolicy, expected: list[str]) -> None:
    assert days(rule, policy, len(expected)) == expected


def test_a_day_of_a_month_before_the_start_does_not_roll_into_it() -> None:
    assert days("FREQ=MONTHLY;BYMONTHDAY=31", ROLL, 2, datetime(2026, 3, 1, 9)) == [
        "26-03-31",
        "26-05-01",
    ]


@pytest.mark.parametrize("policy", [CLAMP, ROLL])
@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=FR",
        "FREQ=MONTHLY;BYMONTHDAY=29,30,31;BYSETPOS=-1",
        "FREQ=MONTHLY;BYMONTHDAY=31,-1",
        "FREQ=DAILY;BYMONTHDAY=31",
        "0 9 31 * MON",
        "0 9 31,L * *",
    ],
)
def test_combinations_without_a_meaning_are_refused(rule: str, policy: ShortMonthPolicy) -> None:
    with pytest.raises(RecurrenceError, match=f"short_month={policy}"):
        days(rule, policy, 1)


@given(
    st.sets(st.integers(1, 31), min_size=1, max_size=4),
    st.sets(st.integers(1, 12), min_size=1, max_size=6),
    st.sampled_from((CLAMP, ROLL)),
)
@settings(max_examples=60)
def test_every_month_has_every_day_once(
    month_days: set[int], months: set[int], policy: ShortMonthPolicy
) -> None:
    named = f"{','.join(map(str, sorted(month_days)))} {','.join(map(str, sorted(months)))}"
    recurrence = Recurrence.parse(
        f"0 9 {named} *", RuleKind.CRON, "UTC", START, Policies(short_month=policy)
    )
    expected: set[datetime] = set()
    for year in range(2026, 2031):
        for month in sorted(months):
            for day in sorted(month_days):
                expected.add(placed(year, month, day, policy))
    found = [each.local for each in recurrence.following(LONG_AGO, len(expected))]
    assert found == sorted(expected)


def placed(year: int, month: int, day: int, policy: ShortMonthPolicy) -> datetime:
    last = monthrange(year, month)[1]
    if day <= last:
        return datetime(year, month, day, 9)
    return datetime(year, month, last, 9) + timedelta(days=1 if policy is ROLL else 0)


def test_a_rule_that_finds_nothing_more_ends() -> None:
    # February has no 30th to keep, so only the days that roll are left.
    recurrence = Recurrence.parse(
        "0 9 30 2 *", RuleKind.CRON, "UTC", START, Policies(short_month=ROLL)
    )
    found = list(islice(recurrence.local_rule.times_from(START), 60))
    assert {(time.month, time.day) for time in found} == {(3, 1)}
