"""Every change of clocks from 2020 to 2030 in every zone, against a scan of the clock."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recurrence_oracle import MINUTE, Found, scan, transitions
from recurrence_rules import CronCase, cron_cases

from todo_shared.recurrence import (
    GapPolicy,
    Occurrence,
    OverlapPolicy,
    Policies,
    Recurrence,
    load_zone,
    zone_names,
)

START = datetime(2019, 1, 1)
AROUND = timedelta(hours=3)
DAY = timedelta(days=1)
EVERY_QUARTER = "*/15 * * * *"
ALL_QUARTERS_BY_NAME = "0,15,30,45 0-23 * * *"


def quarter(local: datetime) -> bool:
    return local.minute % 15 == 0


@cache
def zones_that_change() -> dict[str, list[tuple[datetime, int, int]]]:
    found = {name: transitions(load_zone(name), 2020, 2030) for name in sorted(zone_names())}
    return {name: changes for name, changes in found.items() if changes}


@cache
def seen_on_the_clock(
    instant: datetime, offsets: tuple[int, int], zone: str, gap: GapPolicy, overlap: OverlapPolicy
) -> Found:
    return scan(
        load_zone(zone), instant - AROUND, instant + AROUND, quarter, gap=gap, overlap=overlap
    )


def found_by(recurrence: Recurrence, instant: datetime) -> Found:
    return as_found(recurrence.between(instant - AROUND, instant + AROUND))


def test_the_zones_that_change_are_the_known_ones() -> None:
    changing = zones_that_change()
    assert len(changing) > 200
    assert {"Europe/Berlin", "Africa/Casablanca", "Australia/Lord_Howe"} <= set(changing)
    assert len(changing["Europe/Berlin"]) == 22


def test_every_change_in_every_zone_is_met_by_the_defaults() -> None:
    models: dict[tuple[datetime, int, int], str] = {}
    for zone, changes in zones_that_change().items():
        wildcard = Recurrence.parse(EVERY_QUARTER, "cron", zone, START)
        fixed = Recurrence.parse(ALL_QUARTERS_BY_NAME, "cron", zone, START)
        hourly = Recurrence.parse("FREQ=HOURLY;BYMINUTE=0,15,30,45", "rrule", zone, START)
        for change in changes:
            instant, *offsets = change
            # What the clock shows depends only on the change: zones that share it share the scan.
            model, pair = models.setdefault(change, zone), (offsets[0], offsets[1])
            for recurrence in (wildcard, fixed, hourly):
                expected = seen_on_the_clock(
                    instant, pair, model, recurrence.gap, recurrence.overlap
                )
                assert found_by(recurrence, instant) == expected, (zone, instant, recurrence.rule)


@pytest.mark.parametrize(("gap", "overlap"), list(product(GapPolicy, OverlapPolicy)))
def test_every_kind_of_change_is_met_by_every_policy(
    gap: GapPolicy, overlap: OverlapPolicy
) -> None:
    seen: set[tuple[int, int, int]] = set()
    for zone, changes in zones_that_change().items():
        fresh = [change for change in changes if (*change[1:], change[0].hour) not in seen]
        seen.update((*change[1:], change[0].hour) for change in fresh)
        if not fresh:
            continue
        recurrence = Recurrence.parse(EVERY_QUARTER, "cron", zone, START, Policies(gap, overlap))
        for instant, before, after in fresh:
            expected = seen_on_the_clock(instant, (before, after), zone, gap, overlap)
            assert found_by(recurrence, instant) == expected, (zone, instant)
    assert len(seen) > 30


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
        ("Pacific/Kwajalein", datetime(1993, 8, 21, 12, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(1994, 12, 31, 10, tzinfo=UTC)),
        ("America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),
        ("America/Sao_Paulo", datetime(2018, 2, 18, 2, tzinfo=UTC)),
        ("Asia/Pyongyang", datetime(2018, 5, 4, 15, tzinfo=UTC)),
        ("America/Caracas", datetime(2007, 12, 9, 7, tzinfo=UTC)),
        ("Antarctica/Troll", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize(("gap", "overlap"), list(product(GapPolicy, OverlapPolicy)))
def test_the_strangest_changes_are_met_by_every_policy(
    zone: str, change: datetime, gap: GapPolicy, overlap: OverlapPolicy
) -> None:
    known = load_zone(zone)
    assert change in {instant for instant, _, _ in transitions(known, change.year, change.year)}
    start, begin, end = datetime(1990, 1, 1), change - DAY * 1.5, change + DAY * 1.5
    lost_day = (change.astimezone(known).replace(tzinfo=None) - MINUTE).weekday()

    def quarter_of_that_day(local: datetime) -> bool:
        return quarter(local) and local.weekday() == lost_day

    policies = Policies(gap, overlap)
    always = Recurrence.parse(EVERY_QUARTER, "cron", zone, start, policies)
    expected = scan(known, begin, end, quarter, gap=gap, overlap=overlap)
    assert as_found(always.between(begin, end)) == expected
    that_day = Recurrence.parse(f"*/15 * * * {(lost_day + 1) % 7}", "cron", zone, start, policies)
    expected = scan(known, begin, end, quarter_of_that_day, gap=gap, overlap=overlap)
    assert as_found(stepped(that_day, begin, end)) == expected


def as_found(made: Sequence[Occurrence]) -> Found:
    return [(each.instant, each.key) for each in made]


def stepped(recurrence: Recurrence, begin: datetime, end: datetime) -> list[Occurrence]:
    """The same as `between`, but each asked for by itself."""
    made: list[Occurrence] = []
    found = recurrence.after(begin, inclusive=True)
    while found is not None and found.instant < end:
        made.append(found)
        found = recurrence.after(found.instant)
    return made


@given(
    cron_cases(),
    st.sampled_from(sorted(zones_that_change())),
    st.data(),
    st.sampled_from(GapPolicy),
    st.sampled_from(OverlapPolicy),
)
@settings(max_examples=80)
def test_any_rule_around_any_change(
    case: CronCase, zone: str, data: st.DataObject, gap: GapPolicy, overlap: OverlapPolicy
) -> None:
    instant, _, _ = data.draw(st.sampled_from(zones_that_change()[zone]))
    recurrence = Recurrence.parse(case.rule, "cron", zone, START, Policies(gap, overlap))
    expected = scan(
        load_zone(zone), instant - DAY, instant + DAY, case.matches, gap=gap, overlap=overlap
    )
    assert as_found(recurrence.between(instant - DAY, instant + DAY)) == expected
    assert as_found(stepped(recurrence, instant - DAY, instant + DAY)) == expected


def test_the_zones_come_from_the_pinned_package(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    real = Path.open

    def watched(path: Path, *arguments: str) -> IO[bytes]:
        opened.append(path)
        return real(path, *arguments)

    monkeypatch.setattr(Path, "open", watched)
    load_zone.cache_clear()
    assert load_zone("Europe/Oslo").key == "Europe/Oslo"
    assert [path.relative_to(files("tzdata")).as_posix() for path in opened] == [
        "zoneinfo/Europe/Oslo"
    ]
