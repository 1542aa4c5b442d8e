"""What is refused, with a sentence that says what, where and what to do."""

from datetime import UTC, datetime

import pytest

from todo_shared.recurrence import (
    Recurrence,
    RecurrenceError,
    RuleKind,
    detect_kind,
    load_zone,
    parse_key,
)

START = datetime(2026, 1, 1, 9)


def refusal(rule: str, kind: str, zone: str = "Europe/Berlin", start: datetime = START) -> str:
    with pytest.raises(RecurrenceError) as caught:
        Recurrence.parse(rule, kind, zone, start)
    assert caught.value.problem
    assert caught.value.where
    assert caught.value.remedy
    return str(caught.value)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("", "rule: is empty"),
        ("0 9 * *", "has 4 fields and not five"),
        ("0 0 9 * * *", "six fields"),
        ("0 0 9 * * * 2026", "has 7 fields"),
        ("@reboot", "has 1 fields"),
        ("60 * * * *", "cron minute '60'"),
        ("0 24 * * *", "cron hour '24'"),
        ("0 9 0 * *", "cron day-of-month '0'"),
        ("0 9 32 * *", "cron day-of-month '32'"),
        ("0 9 * 13 *", "cron month '13'"),
        ("0 9 * * 8", "cron day-of-week '8'"),
        ("0 9 * FEBRUARY *", "'FEBRUARY' cannot be read"),
        ("0 9 * MON *", "cron month 'MON'"),
        ("*/0 * * * *", "cron minute '*/0'"),
        ("0 9 5-5/0 * *", "cron day-of-month '5-5/0'"),
        ("0 9 15W * *", "nearest weekday"),
        ("0 9 W15 * *", "nearest weekday"),
        ("0 9 * * MON#6", "cron day-of-week 'MON#6'"),
        ("0 9 * * MON#0", "cron day-of-week 'MON#0'"),
        ("0 9 * * MON,FRI#2", "croniter says"),
        ("0 9 * * MONL", "'MONL' cannot be read"),
        ("0 9 * * L", "'L' cannot be read"),
        ("L 9 * * *", "'L' cannot be read"),
        ("0 9 * LW *", "'LW' cannot be read"),
        ("H 9 * * *", "'H' cannot be read"),
        ("R/15 9 * * *", "'R/15' cannot be read"),
        ("1,,2 9 * * *", "'' cannot be read"),
        ("-1 9 * * *", "'-1' cannot be read"),
        ("¹ 9 * * *", "cannot be read"),
        ("? 9 * * *", "'?' cannot be read"),
        ("0 0 30 2 *", "never happens"),
        ("0 0 31 4,6 *", "never happens"),
        ("0 0 31 2 */2", "never happens"),
        ("1 1 */100 * MON#4", "never happens"),
        ("*/10 * * * *", "at 09:00 and again at 09:10; leave at least 15 minutes"),
        ("0,59 0,23 * * *", "at 23:59 and again at 00:00"),
        ("* * * * *", "and again"),
        ("0 9 * * " + "1," * 300 + "1", "characters"),
    ],
)
def test_a_cron_rule(rule: str, words: str) -> None:
    assert words in refusal(rule, "cron")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("BYDAY=MO", "part FREQ: is missing"),
        ("FREQ=FORTNIGHTLY", "'FORTNIGHTLY' is not a frequency"),
        ("FREQ=MINUTELY;INTERVAL=30", "MINUTELY is too frequent"),
        ("FREQ=SECONDLY", "SECONDLY is too frequent"),
        ("FREQ=DAILY\nFREQ=WEEKLY", "more than one"),
        ("FREQ=DAILY;FREQ=WEEKLY", "more than one"),
        ("DTSTART:20260101\nRRULE:FREQ=DAILY", "more than one"),
        ("FREQ=DAILY;DTSTART=20260101T090000", "DTSTART: is not part"),
        ("FREQ=DAILY;EXDATE=20260101", "EXDATE: is not part"),
        ("FREQ=DAILY;SKIP=BACKWARD", "short_month"),
        ("FREQ=DAILY;RSCALE=GREGORIAN", "short_month"),
        ("FREQ=DAILY;BYEASTER=0", "BYEASTER: is not a part"),
        ("FREQ=DAILY;X=1", "X: is not a part"),
        ("FREQ=DAILY;", "'' is not NAME=VALUE"),
        ("FREQ=DAILY;INTERVAL", "'INTERVAL' is not NAME=VALUE"),
        ("FREQ=DAILY;INTERVAL=2;INTERVAL=3", "INTERVAL: is there twice"),
        ("FREQ=DAILY;INTERVAL=0", "'0' is out of range; use 1 to 18250"),
        ("FREQ=YEARLY;INTERVAL=51", "out of range"),
        ("FREQ=DAILY;INTERVAL=1.5", "'1.5' is out of range"),
        ("FREQ=DAILY;COUNT=0", "COUNT"),
        ("FREQ=DAILY;COUNT=10001", "use 1 to 10000"),
        ("FREQ=YEARLY;COUNT=102", "COUNT=102: takes more than 100 years"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", "never happens"),
        ("FREQ=DAILY;COUNT=5;UNTIL=20270101", "stands beside COUNT"),
        ("FREQ=DAILY;UNTIL=tomorrow", "'TOMORROW' is not a date"),
        ("FREQ=DAILY;UNTIL=20261301", "is not a date"),
        ("FREQ=DAILY;UNTIL=20270101T090000+0100", "is not a date"),
        ("FREQ=DAILY;UNTIL=20251231", "never happens"),
        ("FREQ=DAILY;UNTIL=20251231T000000Z", "never happens"),
        ("FREQ=WEEKLY;BYDAY=XX", "'XX' is not a weekday"),
        ("FREQ=WEEKLY;BYDAY=", "is not NAME=VALUE"),
        ("FREQ=MONTHLY;BYDAY=0MO", "'0MO' is not a weekday"),
        ("FREQ=MONTHLY;BYDAY=54MO", "'54MO' is not a weekday"),
        ("FREQ=WEEKLY;BYDAY=1MO", "numbers do not go with WEEKLY"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "numbers do not go with BYWEEKNO"),
        ("FREQ=YEARLY;BYWEEKNO=54", "'54' is out of range"),
        ("FREQ=YEARLY;BYWEEKNO=-54", "out of range"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYSETPOS=1", "does not go with BYWEEKNO"),
        ("FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6", "never happens"),
        ("FREQ=MONTHLY;BYWEEKNO=20", "does not go with MONTHLY"),
        ("FREQ=MONTHLY;BYYEARDAY=20", "does not go with MONTHLY"),
        ("FREQ=WEEKLY;BYMONTHDAY=20", "does not go with WEEKLY"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "use 1 to 31 or -31 to -1"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "out of range"),
        ("FREQ=YEARLY;BYMONTH=13", "out of range"),
        ("FREQ=DAILY;BYHOUR=24", "out of range"),
        ("FREQ=DAILY;BYMINUTE=60", "out of range"),
        ("FREQ=DAILY;BYSECOND=30", "whole minutes"),
        ("FREQ=MONTHLY;BYSETPOS=1", "nothing to choose from"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "out of range"),
        ("FREQ=HOURLY;BYMINUTE=0,30;BYSETPOS=1", "does not go with HOURLY"),
        ("FREQ=HOURLY;INTERVAL=5;BYHOUR=3", "does not go with every 5 hours"),
        ("FREQ=HOURLY;INTERVAL=2;BYHOUR=10", "never happens"),
        ("FREQ=WEEKLY;WKST=ME", "'ME' is not a weekday"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never happens"),
        ("FREQ=DAILY;BYMONTH=4;BYMONTHDAY=31", "never happens"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", "never happens"),
        ("FREQ=HOURLY;BYMINUTE=0,5", "at 09:00 and again at 09:05"),
        ("FREQ=DAILY;BYHOUR=0,23;BYMINUTE=0,59", "and again at"),
    ],
)
def test_an_rrule(rule: str, words: str) -> None:
    assert words in refusal(rule, "rrule")


@pytest.mark.parametrize(
    "rule",
    [
        "RRULE:FREQ=WEEKLY;BYDAY=MO",
        "freq=weekly;byday=mo",
        " FREQ=WEEKLY;BYDAY=MO ",
        "FREQ=DAILY;BYSECOND=0",
        "FREQ=MONTHLY;BYDAY=+1MO",
    ],
)
def test_spellings_that_are_fine(rule: str) -> None:
    assert Recurrence.parse(rule, "rrule", "Europe/Berlin", START).first() is not None


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/Berlim", "did you mean Europe/Berlin?"),
        ("", "use an IANA name"),
        ("+01:00", "use an IANA name"),
        ("../../etc/passwd", "is not a time zone"),
        ("europe/berlin", "is not a time zone"),
    ],
)
def test_a_zone(zone: str, words: str) -> None:
    assert words in refusal("0 9 * * *", "cron", zone)


def test_a_zone_by_itself() -> None:
    with pytest.raises(RecurrenceError, match="is not a time zone"):
        load_zone("Mars/Olympus")


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (datetime(2026, 1, 1, 9, tzinfo=UTC), "has an offset"),
        (datetime(2026, 1, 1, 9, 0, 1), "whole minute"),
        (datetime(2026, 1, 1, 9, 0, 0, 1), "whole minute"),
        (datetime(1969, 12, 31), "use 1970 to 2199"),
        (datetime(2200, 1, 1), "use 1970 to 2199"),
    ],
)
def test_a_start(start: datetime, words: str) -> None:
    assert words in refusal("0 9 * * *", "cron", start=start)


def test_a_kind() -> None:
    assert "use cron or rrule" in refusal("0 9 * * *", "crontab")


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("0 9 * * MON", RuleKind.CRON),
        (" 0 9 * * MON ", RuleKind.CRON),
        ("@daily", RuleKind.CRON),
        ("0 0 9 * * *", RuleKind.CRON),
        ("FREQ=DAILY", RuleKind.RRULE),
        ("rrule:freq=daily", RuleKind.RRULE),
        ("INTERVAL=2;FREQ=DAILY", RuleKind.RRULE),
    ],
)
def test_the_kind_of_a_rule_shows(rule: str, kind: RuleKind) -> None:
    assert detect_kind(rule) is kind


@pytest.mark.parametrize("rule", ["", "every day", "BYDAY=MO"])
def test_neither_kind(rule: str) -> None:
    with pytest.raises(RecurrenceError, match="neither cron nor RRULE"):
        detect_kind(rule)


@pytest.mark.parametrize(
    "key", ["", "2026-10-25", "2026-10-25T02:30+f2", "2026-10-25T02:30Z", "2026-13-25T02:30"]
)
def test_a_key(key: str) -> None:
    with pytest.raises(RecurrenceError, match="is not the key"):
        parse_key(key)


def test_a_key_that_is_one() -> None:
    assert parse_key("2026-10-25T02:30") == (datetime(2026, 10, 25, 2, 30), 0)
    assert parse_key("2026-10-25T02:30+f1") == (datetime(2026, 10, 25, 2, 30), 1)
