"""Asking a recurrence: one order, one key each, and the same answer whatever was asked before."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from recurrence_rules import SPECIAL_ZONES, cron_cases, rrules

from todo_shared.recurrence import (
    GapPolicy,
    Occurrence,
    OverlapPolicy,
    Policies,
    Recurrence,
    RecurrenceError,
)

rules = st.one_of(
    cron_cases().map(lambda case: ("cron", case.rule)), rrules().map(lambda rule: ("rrule", rule))
)
starts = st.datetimes(datetime(2008, 1, 1), datetime(2028, 1, 1)).map(
    lambda start: start.replace(minute=0, second=0, microsecond=0)
)
policies = st.builds(
    Policies,
    st.sampled_from((None, *GapPolicy)),
    st.sampled_from((None, *OverlapPolicy)),
)
TICK = timedelta(microseconds=1)


@st.composite
def recurrences(draw: st.DrawFn) -> Recurrence:
    kind, rule = draw(rules)
    zone, start, chosen = draw(st.sampled_from(SPECIAL_ZONES)), draw(starts), draw(policies)
    try:
        return Recurrence.parse(rule, kind, zone, start, chosen)
    except RecurrenceError as error:
        assert "never happens" in str(error) or "and again" in str(error)
        assume(False)
        raise


@given(recurrences())
@settings(max_examples=120)
def test_instants_rise_keys_differ_and_every_key_is_found_again(recurrence: Recurrence) -> None:
    first = recurrence.first()
    assert first is not None
    made = recurrence.following(first.instant - TICK, 30)
    assert made[0] == first
    assert all(one.instant < other.instant for one, other in pairwise(made))
    assert len({each.key for each in made}) == len(made)
    assert all(each.local >= recurrence.starts_at for each in made)
    assert [recurrence.find(each.key) for each in made[:5]] == list(made[:5])


@given(recurrences(), st.integers(0, 365 * 24 * 60), st.integers(1, 120))
@settings(max_examples=120)
def test_after_and_between_agree(recurrence: Recurrence, minutes: int, days: int) -> None:
    begin = recurrence.starts_at.replace(tzinfo=UTC) + timedelta(minutes=minutes)
    end = begin + timedelta(days=days)
    slice_ = recurrence.between(begin, end, 25)
    stepped: list[Occurrence] = []
    found = recurrence.after(begin, inclusive=True)
    while found is not None and found.instant < end and len(stepped) < 25:
        stepped.append(found)
        found = recurrence.after(found.instant)
    assert list(slice_) == stepped


@given(recurrences(), st.integers(0, 365))
@settings(max_examples=60)
def test_a_slice_is_the_sum_of_its_days(recurrence: Recurrence, days: int) -> None:
    begin = recurrence.starts_at.replace(tzinfo=UTC) + timedelta(days=days)
    cuts = [begin + timedelta(hours=7 * n) for n in range(8)]
    whole = recurrence.between(cuts[0], cuts[-1])
    parts = [each for one, other in pairwise(cuts) for each in recurrence.between(one, other)]
    assert list(whole) == parts


def daily(rule: str = "0 9 * * *", zone: str = "Europe/Berlin") -> Recurrence:
    return Recurrence.parse(rule, "cron", zone, datetime(2026, 1, 1))


def test_after_is_exclusive_unless_asked() -> None:
    nine = datetime(2026, 1, 5, 8, tzinfo=UTC)
    exclusive, inclusive = daily().after(nine), daily().after(nine, inclusive=True)
    assert exclusive is not None
    assert inclusive is not None
    assert (exclusive.key, inclusive.key) == ("2026-01-06T09:00", "2026-01-05T09:00")
    earlier = daily().after(nine - TICK)
    assert earlier == inclusive


def test_between_holds_its_start_but_not_its_end() -> None:
    begin = datetime(2026, 1, 5, 8, tzinfo=UTC)
    made = daily().between(begin, begin + timedelta(days=2))
    assert [each.key for each in made] == ["2026-01-05T09:00", "2026-01-06T09:00"]
    assert daily().between(begin, begin) == ()
    assert len(daily().between(begin, begin + timedelta(days=9), 4)) == 4


def test_before_the_start_the_first_is_next() -> None:
    recurrence = daily()
    assert recurrence.after(datetime(1, 1, 1, tzinfo=UTC)) == recurrence.first()


def test_long_after_all_calendars_there_is_nothing() -> None:
    assert daily().after(datetime(9950, 1, 1, tzinfo=UTC)) is None
    assert daily().after(datetime(9899, 1, 1, tzinfo=UTC)) is not None


def test_a_naive_instant_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        daily().after(datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="no time zone"):
        daily().between(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2))


@pytest.mark.parametrize(
    ("end", "last"),
    [
        ("COUNT=3", "2026-01-03T09:00"),
        ("UNTIL=20260104", "2026-01-04T09:00"),
        ("UNTIL=20260104T085900", "2026-01-03T09:00"),
        ("UNTIL=20260104T090000", "2026-01-04T09:00"),
        ("UNTIL=20260104T080000Z", "2026-01-04T09:00"),
        ("UNTIL=20260104T075959Z", "2026-01-03T09:00"),
    ],
)
def test_a_rule_ends_by_its_own_words(end: str, last: str) -> None:
    recurrence = Recurrence.parse(
        f"FREQ=DAILY;{end}", "rrule", "Europe/Berlin", datetime(2026, 1, 1, 9)
    )
    made = recurrence.following(datetime(2020, 1, 1, tzinfo=UTC), 99)
    assert made[-1].key == last
    assert recurrence.after(made[-1].instant) is None
    assert recurrence.after(datetime(2030, 1, 1, tzinfo=UTC)) is None


def test_count_counts_what_is_made() -> None:
    start = datetime(2026, 3, 7, 2, 30)
    skipping = Policies(gap=GapPolicy.SKIP)
    recurrence = Recurrence.parse(
        "FREQ=DAILY;COUNT=3", "rrule", "America/New_York", start, skipping
    )
    made = recurrence.following(datetime(2026, 1, 1, tzinfo=UTC), 9)
    assert [each.local.day for each in made] == [7, 9, 10]
    start = datetime(2026, 11, 1, 1, 30)
    both = Policies(overlap=OverlapPolicy.BOTH)
    recurrence = Recurrence.parse("FREQ=DAILY;COUNT=3", "rrule", "America/New_York", start, both)
    made = recurrence.following(datetime(2026, 1, 1, tzinfo=UTC), 9)
    assert [each.key[8:] for each in made] == ["01T01:30", "01T01:30+f1", "02T01:30"]


def test_an_occurrence_knows_its_day_and_its_key() -> None:
    recurrence = Recurrence.parse(
        "30 2 * * *",
        "cron",
        "Europe/Berlin",
        datetime(2026, 1, 1),
        Policies(overlap=OverlapPolicy.SECOND),
    )
    found = recurrence.after(datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert found is not None
    assert found.key == "2026-10-25T02:30+f1"
    assert found.instance_date.isoformat() == "2026-10-25"
    assert found.instant == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert found.fold == 1


@pytest.mark.parametrize(
    "key", ["2026-01-05T09:01", "2025-12-31T09:00", "2026-01-05T09:00+f1", "2026-03-29T02:30"]
)
def test_a_key_the_rule_does_not_name_is_not_found(key: str) -> None:
    assert daily().find(key) is None


def test_a_key_left_out_by_policy_is_not_found() -> None:
    recurrence = Recurrence.parse(
        "30 2 * * *", "cron", "Europe/Berlin", datetime(2026, 1, 1), Policies(gap=GapPolicy.SKIP)
    )
    assert recurrence.find("2026-03-29T02:30") is None
    assert recurrence.find("2026-03-30T02:30") is not None


def test_a_finished_recurrence_does_not_find_later_keys() -> None:
    recurrence = Recurrence.parse(
        "FREQ=DAILY;COUNT=2", "rrule", "Europe/Berlin", datetime(2026, 1, 1, 9)
    )
    assert recurrence.find("2026-01-02T09:00") is not None
    assert recurrence.find("2026-01-03T09:00") is None


def test_an_hour_star_in_cron_skips_and_repeats_by_default() -> None:
    star = Recurrence.parse("0 * * * *", "cron", "UTC", datetime(2026, 1, 1))
    fixed = Recurrence.parse("0 9 * * *", "cron", "UTC", datetime(2026, 1, 1))
    rrule = Recurrence.parse("FREQ=HOURLY", "rrule", "UTC", datetime(2026, 1, 1))
    assert (star.gap, star.overlap) == (GapPolicy.SKIP, OverlapPolicy.BOTH)
    assert (fixed.gap, fixed.overlap) == (GapPolicy.RUN_AT_END, OverlapPolicy.FIRST)
    assert (rrule.gap, rrule.overlap) == (GapPolicy.SHIFT_FORWARD, OverlapPolicy.FIRST)


def test_parsing_the_same_rule_again_costs_nothing() -> None:
    assert daily() is daily()
