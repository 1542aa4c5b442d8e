"""Reading a rule back to the person who wrote it."""

from datetime import UTC, datetime

import pytest

from todo_shared.recurrence import (
    CatchUpPolicy,
    Policies,
    Recurrence,
    ShortMonthPolicy,
    describe,
    detect_kind,
    next_dates,
    to_make,
)

START = datetime(2026, 1, 2, 9)


def words(rule: str, short_month: ShortMonthPolicy = ShortMonthPolicy.SKIP) -> str:
    recurrence = Recurrence.parse(
        rule, detect_kind(rule), "Europe/Berlin", START, Policies(short_month=short_month)
    )
    text = describe(recurrence)
    assert text.endswith(", Europe/Berlin")
    return text.removesuffix(", Europe/Berlin")


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("FREQ=DAILY", "every day at 09:00"),
        ("FREQ=DAILY;INTERVAL=2", "every second day at 09:00"),
        ("FREQ=DAILY;INTERVAL=10;COUNT=5", "every 10 days at 09:00, 5 times"),
        ("FREQ=DAILY;BYHOUR=9,17;BYMINUTE=30", "every day at 09:30 and 17:30"),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "every weekday at 09:00"),
        ("FREQ=DAILY;INTERVAL=2;BYDAY=MO,TU", "every second day on Monday and Tuesday at 09:00"),
        ("FREQ=DAILY;BYMONTH=1", "every day in January at 09:00"),
        ("FREQ=WEEKLY", "every Friday at 09:00"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "every second Friday at 09:00"),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR", "every Monday, Wednesday and Friday at 09:00"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "every second week on Monday and Friday at 09:00"),
        ("FREQ=WEEKLY;INTERVAL=3;BYDAY=MO", "every 3 weeks on Monday at 09:00"),
        ("FREQ=WEEKLY;BYDAY=SA,SU", "every weekend day at 09:00"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "every day at 09:00"),
        (
            "FREQ=WEEKLY;BYDAY=MO,WE;BYSETPOS=1",
            "every week on the first Monday or Wednesday at 09:00",
        ),
        ("FREQ=MONTHLY", "every month on the 2nd at 09:00"),
        (
            "FREQ=MONTHLY;BYMONTHDAY=1,15,-1",
            "every month on the 1st, the 15th and the last day at 09:00",
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=-2", "every month on the second to last day at 09:00"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "every month on the last Friday at 09:00"),
        (
            "FREQ=MONTHLY;INTERVAL=2;BYDAY=1SU,-1SU",
            "every second month on the first Sunday and the last Sunday at 09:00",
        ),
        ("FREQ=MONTHLY;BYDAY=MO,1TU", "every month on the first Tuesday and every Monday at 09:00"),
        ("FREQ=MONTHLY;BYDAY=MO", "every month on every Monday at 09:00"),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "every month on the last weekday at 09:00",
        ),
        (
            "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
            "every month on the 13th if that is a Friday at 09:00",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=1,2,3,20;BYSETPOS=2",
            "every month on the second of its dates at 09:00",
        ),
        ("FREQ=YEARLY", "every year on the 2nd of January at 09:00"),
        (
            "FREQ=YEARLY;BYMONTH=3,9;BYMONTHDAY=21,22,23",
            "every year on the 21st to the 23rd of March and September at 09:00",
        ),
        (
            "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            "every year on the fourth Thursday in November at 09:00",
        ),
        (
            "FREQ=YEARLY;BYYEARDAY=100,-1",
            "every year on day 100 of the year and the last day of the year at 09:00",
        ),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "every year on Monday in week 20 at 09:00"),
        (
            "FREQ=YEARLY;BYWEEKNO=1,-2",
            "every year on Friday in week 1 and the second to last week at 09:00",
        ),
        ("FREQ=YEARLY;BYWEEKNO=-1;BYDAY=MO", "every year on Monday in the last week at 09:00"),
        ("FREQ=HOURLY", "every hour at minute 0"),
        ("FREQ=HOURLY;INTERVAL=2;BYMINUTE=0,30", "every second hour at minute 0 and 30"),
        ("FREQ=HOURLY;BYHOUR=9,10,11,15", "every hour at minute 0 of hour 9 to 11 and 15"),
        ("FREQ=DAILY;COUNT=1", "every day at 09:00, once"),
        ("FREQ=DAILY;UNTIL=20261231", "every day at 09:00, until 2026-12-31"),
        ("FREQ=DAILY;UNTIL=20261231T120000", "every day at 09:00, until 2026-12-31 12:00"),
        ("FREQ=DAILY;UNTIL=20261231T120000Z", "every day at 09:00, until 2026-12-31 12:00 UTC"),
    ],
)
def test_an_rrule(rule: str, text: str) -> None:
    assert words(rule) == text


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("0 9 * * *", "every day at 09:00"),
        ("@daily", "every day at 00:00"),
        ("@hourly", "every hour"),
        ("0 9,17 * * *", "every day at 09:00 and 17:00"),
        ("*/15 * * * *", "every 15 minutes"),
        ("*/30 9-17 * * 1-5", "every hour of 09:00 to 17:00, every 30 minutes, every weekday"),
        ("0 */2 * * *", "every second hour"),
        ("0 */6 * * SAT", "every 6 hours, every Saturday"),
        ("0 */5 * * *", "every day at 00:00, 05:00, 10:00, 15:00 and 20:00"),
        ("5,35 * * * *", "every hour, at minute 5 and 35"),
        ("0 9-17 * * MON-FRI", "every hour of 09:00 to 17:00, every weekday"),
        ("20,40 9-17 * * *", "every hour of 09:00 to 17:00, at minute 20 and 40"),
        ("0 9 * * SUN", "every Sunday at 09:00"),
        ("0 9 * * 7", "every Sunday at 09:00"),
        ("0 9 * * 5L", "every month on the last Friday at 09:00"),
        ("0 9 * * MON#1,MON#3", "every month on the first Monday and the third Monday at 09:00"),
        ("0 9 * 6 MON", "every Monday in June at 09:00"),
        ("0 9 1,15 * *", "every month on the 1st and the 15th at 09:00"),
        ("0 9 11-13,21 * *", "every month on the 11th to the 13th and the 21st at 09:00"),
        ("0 9 L * *", "every month on the last day at 09:00"),
        ("0 9 1,LW * *", "every month on the 1st and the last weekday at 09:00"),
        ("0 9 1 1,7 *", "every year on the 1st of January and July at 09:00"),
        ("0 9 */2 * *", "every month on every second day from the 1st at 09:00"),
        ("0 9 13 * FRI", "on the 13th of a month and every Friday at 09:00"),
        (
            "0 9 */2 * FRI",
            "on every second day from the 1st of a month if that is a Friday at 09:00",
        ),
    ],
)
def test_a_cron_rule(rule: str, text: str) -> None:
    assert words(rule) == text


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (ShortMonthPolicy.CLAMP, "(in a shorter month its last day) at 09:00"),
        (ShortMonthPolicy.ROLL, "(in a shorter month the day after it) at 09:00"),
        (ShortMonthPolicy.SKIP, "at 09:00"),
    ],
)
@pytest.mark.parametrize("rule", ["0 9 31 * *", "FREQ=MONTHLY;BYMONTHDAY=31"])
def test_short_months_are_mentioned(rule: str, policy: ShortMonthPolicy, text: str) -> None:
    assert words(rule, policy) == f"every month on the 31st {text}"


def test_the_next_dates() -> None:
    recurrence = Recurrence.parse("FREQ=DAILY;COUNT=4", "rrule", "Europe/Berlin", START)
    after = datetime(2026, 1, 2, 8, tzinfo=UTC)
    assert [each.key for each in next_dates(recurrence, after)] == [
        "2026-01-03T09:00",
        "2026-01-04T09:00",
        "2026-01-05T09:00",
    ]
    assert len(next_dates(recurrence, after, 2)) == 2
    assert len(next_dates(recurrence, datetime(2026, 1, 4, 12, tzinfo=UTC), 2)) == 1


@pytest.mark.parametrize(
    ("policy", "kept"),
    [(CatchUpPolicy.ALL, [3, 4, 5]), (CatchUpPolicy.LATEST, [5]), (CatchUpPolicy.NONE, [])],
)
def test_what_is_still_made_of_what_was_missed(policy: CatchUpPolicy, kept: list[int]) -> None:
    recurrence = Recurrence.parse("FREQ=DAILY", "rrule", "Europe/Berlin", START)
    missed = next_dates(recurrence, datetime(2026, 1, 2, 8, tzinfo=UTC), 3)
    assert [each.local.day for each in to_make(missed, policy)] == kept
    assert to_make((), policy) == ()
