"""Famous changes of clocks, and what recurrences do there: instants written down by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st
from recurrence_rules import CronCase, cron_cases

from todo_shared.recurrence import (
    GapPolicy,
    OverlapPolicy,
    Policies,
    Recurrence,
    detect_kind,
    load_zone,
)


def made(
    rule: str,
    zone: str,
    begin: str,
    count: int,
    policies: Policies | None = None,
) -> list[str]:
    """Keys of the occurrences from the UTC time `begin` on, with their UTC times."""
    start = datetime(2000, 1, 1)
    recurrence = Recurrence.parse(rule, detect_kind(rule), zone, start, policies or Policies())
    after = datetime.fromisoformat(begin).replace(tzinfo=UTC) - timedelta(microseconds=1)
    found = recurrence.following(after, count)
    return [f"{each.key} {each.instant:%dT%H:%MZ}" for each in found]


@pytest.mark.parametrize(
    ("rule", "gap", "expected"),
    [
        ("30 2 * * *", None, "2026-03-08T02:30 08T07:00Z"),
        ("FREQ=DAILY;BYHOUR=2;BYMINUTE=30", None, "2026-03-08T02:30 08T07:30Z"),
        ("30 2 * * *", GapPolicy.SHIFT_FORWARD, "2026-03-08T02:30 08T07:30Z"),
        ("FREQ=DAILY;BYHOUR=2;BYMINUTE=30", GapPolicy.RUN_AT_END, "2026-03-08T02:30 08T07:00Z"),
        ("30 2 * * *", GapPolicy.SKIP, "2026-03-09T02:30 09T06:30Z"),
    ],
)
def test_half_past_two_in_the_spring_of_new_york(
    rule: str, gap: GapPolicy | None, expected: str
) -> None:
    assert made(rule, "America/New_York", "2026-03-08", 1, Policies(gap)) == [expected]


@pytest.mark.parametrize(
    ("rule", "overlap", "expected"),
    [
        ("30 1 * * *", None, ["2026-11-01T01:30 01T05:30Z", "2026-11-02T01:30 02T06:30Z"]),
        ("FREQ=DAILY;BYHOUR=1;BYMINUTE=30", None, ["2026-11-01T01:30 01T05:30Z"]),
        ("30 1 * * *", OverlapPolicy.SECOND, ["2026-11-01T01:30+f1 01T06:30Z"]),
        (
            "30 1 * * *",
            OverlapPolicy.BOTH,
            ["2026-11-01T01:30 01T05:30Z", "2026-11-01T01:30+f1 01T06:30Z"],
        ),
        ("30 1-2 * * *", None, ["2026-11-01T01:30 01T05:30Z", "2026-11-01T02:30 01T07:30Z"]),
    ],
)
def test_half_past_one_in_the_autumn_of_new_york(
    rule: str, overlap: OverlapPolicy | None, expected: list[str]
) -> None:
    found = made(
        rule, "America/New_York", "2026-11-01T04:00", len(expected), Policies(None, overlap)
    )
    assert found == expected


def test_every_hour_follows_the_sun_through_both_changes() -> None:
    spring = made("0 * * * *", "America/New_York", "2026-03-08T05:00", 4)
    assert [text[11:16] for text in spring] == ["00:00", "01:00", "03:00", "04:00"]
    autumn = made("0 * * * *", "America/New_York", "2026-11-01T04:00", 4)
    assert [text.split()[0][11:] for text in autumn] == ["00:00", "01:00", "01:00+f1", "02:00"]


def test_two_times_that_meet_after_the_gap_are_one_occurrence() -> None:
    # 02:30 read with the old offset is 03:30, which the rule names as well.
    found = made("FREQ=DAILY;BYHOUR=2,3;BYMINUTE=30", "America/New_York", "2026-03-08", 2)
    assert found == ["2026-03-08T03:30 08T07:30Z", "2026-03-09T02:30 09T06:30Z"]
    found = made("0 2,3 * * *", "America/New_York", "2026-03-08", 2)
    assert found == ["2026-03-08T03:00 08T07:00Z", "2026-03-09T02:00 09T06:00Z"]


def test_several_times_in_one_gap_run_once_after_it() -> None:
    found = made("0,20,40 2 * * *", "Europe/Berlin", "2026-03-29T00:00", 2)
    assert found == ["2026-03-29T02:00 29T01:00Z", "2026-03-30T02:00 30T00:00Z"]


def test_a_shifted_time_gives_way_to_earlier_ones() -> None:
    # 02:45 becomes 03:45, so it comes after 03:15, which is later on the clock of the rule.
    rule = "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=15,45"
    found = made(rule, "Europe/Berlin", "2026-03-29T00:00", 3)
    assert found == [
        "2026-03-29T03:15 29T01:15Z",
        "2026-03-29T03:45 29T01:45Z",
        "2026-03-30T02:15 30T00:15Z",
    ]
    found = made("FREQ=DAILY;BYHOUR=2,3;BYMINUTE=30,45", "Australia/Lord_Howe", "2026-10-03", 3)
    assert [text[:16] for text in found] == [
        "2026-10-04T02:30",
        "2026-10-04T02:45",
        "2026-10-04T03:30",
    ]


def test_a_rule_that_ends_in_the_gap_keeps_its_last_time() -> None:
    rule = "FREQ=DAILY;BYHOUR=2;BYMINUTE=30;UNTIL=20260308"
    assert made(rule, "America/New_York", "2026-03-08", 2) == ["2026-03-08T02:30 08T07:30Z"]


def test_lord_howe_moves_by_half_an_hour() -> None:
    spring = made("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T15:00", 1)
    assert spring == ["2026-10-04T02:15 03T15:30Z"]
    shifted = made("FREQ=DAILY;BYHOUR=2;BYMINUTE=15", "Australia/Lord_Howe", "2026-10-03", 1)
    assert shifted == ["2026-10-04T02:15 03T15:45Z"]
    autumn = made(
        "45 1 * * *", "Australia/Lord_Howe", "2026-04-04", 1, Policies(None, OverlapPolicy.SECOND)
    )
    assert autumn == ["2026-04-05T01:45+f1 04T15:15Z"]


def test_samoa_had_no_30_december_2011() -> None:
    cron = made("0 9 * * *", "Pacific/Apia", "2011-12-29T12:00", 3)
    assert cron == [
        "2011-12-29T09:00 29T19:00Z",
        "2011-12-30T09:00 30T10:00Z",
        "2011-12-31T09:00 30T19:00Z",
    ]
    # Read with the old offset, 09:00 of the lost day is 09:00 of the next: one occurrence.
    rrule = made("FREQ=DAILY;BYHOUR=9;BYMINUTE=0", "Pacific/Apia", "2011-12-29T12:00", 2)
    assert rrule == ["2011-12-29T09:00 29T19:00Z", "2011-12-31T09:00 30T19:00Z"]
    skipped = made("0 9 30 12 *", "Pacific/Apia", "2011-06-01", 1, Policies(GapPolicy.SKIP))
    assert skipped == ["2012-12-30T09:00 29T19:00Z"]


def test_sao_paulo_lost_a_midnight_in_2018() -> None:
    assert made("0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00", 2) == [
        "2018-11-04T00:00 04T03:00Z",
        "2018-11-05T00:00 05T02:00Z",
    ]
    assert made("FREQ=DAILY;BYHOUR=0;BYMINUTE=0", "America/Sao_Paulo", "2018-11-03T12:00", 1) == [
        "2018-11-04T00:00 04T03:00Z"
    ]


def test_casablanca_goes_back_for_ramadan() -> None:
    assert made("30 2 * * *", "Africa/Casablanca", "2026-02-15T00:00", 1) == [
        "2026-02-15T02:30 15T01:30Z"
    ]
    assert made("30 2 * * *", "Africa/Casablanca", "2026-03-22T00:00", 1) == [
        "2026-03-22T02:30 22T02:00Z"
    ]


def test_dublin_counts_its_summer_time_backwards() -> None:
    assert made("30 1 * * *", "Europe/Dublin", "2026-03-29T00:00", 1) == [
        "2026-03-29T01:30 29T01:00Z"
    ]
    assert made("30 1 * * *", "Europe/Dublin", "2026-10-24T12:00", 2) == [
        "2026-10-25T01:30 25T00:30Z",
        "2026-10-26T01:30 26T01:30Z",
    ]


def test_utc_never_changes() -> None:
    found = made("30 2 * * *", "UTC", "2026-03-29T00:00", 2)
    assert found == ["2026-03-29T02:30 29T02:30Z", "2026-03-30T02:30 30T02:30Z"]


# The cases by which cronsim shows that it does what Debian's cron does, in Europe/Riga in 2021.
RIGA = [
    ("0 * * * *", "28T01:30", "28T02:00 28T04:00"),
    ("0 * * * *", "31T01:30", "31T02:00 31T03:00 31T03:00+f1 31T04:00"),
    ("*/30 * * * *", "28T02:10", "28T02:30 28T04:00 28T04:30"),
    ("*/30 * * * *", "31T02:40", "31T03:00 31T03:30 31T03:00+f1 31T03:30+f1 31T04:00"),
    ("0 */2 * * *", "28T01:30", "28T02:00 28T04:00 28T06:00"),
    ("0 */2 * * *", "31T01:30", "31T02:00 31T04:00 31T06:00"),
    ("30 */2 * * *", "28T01:30", "28T02:30 28T04:30"),
    ("30 */2 * * *", "31T01:30", "31T02:30 31T04:30"),
    ("0 */3 * * *", "31T01:30", "31T03:00 31T03:00+f1 31T06:00"),
    ("0 1,2,3,4,5 * * *", "28T01:30", "28T02:00 28T04:00 28T05:00"),
    ("0 1,2,3,4,5 * * *", "31T01:30", "31T02:00 31T03:00 31T04:00"),
    ("30 1,2,3,4,5 * * *", "28T01:30", "28T02:30 28T03:30 28T04:30"),
    ("30 1,2,3,4,5 * * *", "31T01:30", "31T02:30 31T03:30 31T04:30"),
    ("0 3 * * *", "27T01:30", "27T03:00 28T03:00 29T03:00"),
    ("0 3 * * *", "31T01:30", "31T03:00 01T03:00"),
    ("0 4 * * *", "27T01:30", "27T04:00 28T04:00 29T04:00"),
    ("0 0-23 * * *", "28T01:30", "28T02:00 28T04:00 28T05:00"),
    ("0 1-23/2 * * *", "28T00:30", "28T01:00 28T03:00 28T05:00"),
    ("15 3 * * *", "27T00:00", "27T03:15 28T03:15 29T03:15"),
    ("15 3 * * *", "30T00:00", "30T03:15 31T03:15 01T03:15"),
]


@pytest.mark.parametrize(("rule", "begin", "expected"), RIGA)
def test_a_case_of_cronsim(rule: str, begin: str, expected: str) -> None:
    zone = load_zone("Europe/Riga")
    month = 3 if "28T" in expected or "27T" in expected else 10
    start = datetime.fromisoformat(f"2021-{month:02}-{begin}").replace(tzinfo=zone)
    recurrence = Recurrence.parse(rule, "cron", "Europe/Riga", datetime(2021, 1, 1))
    wanted = expected.split()
    found = recurrence.following(start.astimezone(UTC), len(wanted))
    assert [each.key[8:] for each in found] == wanted
    simulator = CronSim(rule, start)
    assert [each.instant for each in found] == [next(simulator).astimezone(UTC) for _ in wanted]


@given(
    cron_cases(),
    # cronsim loses its way where clocks change at midnight or by half an hour.
    st.sampled_from(("Europe/Berlin", "America/New_York", "Africa/Casablanca", "Europe/Dublin")),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
)
@settings(max_examples=60)
def test_cronsim_in_the_zone_agrees_with_the_defaults(
    case: CronCase, zone: str, begin: datetime
) -> None:
    recurrence = Recurrence.parse(case.rule, "cron", zone, datetime(2019, 1, 1))
    begin = begin.replace(second=0, microsecond=0, tzinfo=UTC)
    simulator = CronSim(case.rule, begin.astimezone(load_zone(zone)))
    theirs = [next(simulator).astimezone(UTC) for _ in range(60)]
    assert [each.instant for each in recurrence.following(begin, 60)] == theirs
