"""The clock of the database, seen from here."""

from datetime import UTC, datetime

import pytest

from scheduler.clock import DatabaseClock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_quickest_of_the_last_answers_counts() -> None:
    here = [100.0]
    clock = DatabaseClock(lambda: here[0])
    clock.measured(100.0, 101.0, NOON.timestamp() + 0.9)
    clock.measured(100.0, 100.002, NOON.timestamp() + 0.001)
    clock.measured(100.0, 100.5, NOON.timestamp() + 7)
    assert clock.now() == NOON
    here[0] = 130.0
    assert clock.seconds_until(NOON) == pytest.approx(-30)


def test_old_answers_are_forgotten() -> None:
    clock = DatabaseClock(lambda: 0.0)
    clock.measured(0.0, 0.001, NOON.timestamp())
    for _ in range(60):
        clock.measured(-0.01, 0.01, NOON.timestamp() + 60)
    assert clock.now() == datetime(2026, 3, 1, 12, 1, tzinfo=UTC)


def test_before_the_first_answer_it_is_this_machines_time() -> None:
    assert abs(DatabaseClock().seconds_until(datetime.now(UTC))) < 1
