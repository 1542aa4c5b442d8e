"""How long a failed delivery waits."""

import pytest

from notifications.backoff import pause_after
from notifications.models.delivery import MAX_ATTEMPTS


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 1), (2, 4), (3, 16), (4, 64), (5, 256)])
def test_each_pause_is_four_times_the_one_before_give_or_take_a_fifth(
    attempt: int, seconds: float
) -> None:
    pauses = [pause_after(attempt, 1.0) for _ in range(200)]
    assert 0.8 * seconds <= min(pauses) < max(pauses) <= 1.2 * seconds
    assert max(pauses) - min(pauses) > 0.2 * seconds


def test_no_pause_is_longer_than_ten_minutes() -> None:
    assert pause_after(50, 1.0) <= 600 * 1.2


def test_all_attempts_span_about_six_minutes() -> None:
    span = sum(4**attempt for attempt in range(MAX_ATTEMPTS - 1))
    assert span == 341
