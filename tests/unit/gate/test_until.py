"""Ends and lengths as people type them."""

from datetime import UTC, datetime

import pytest

from ballast.errors import BallastError
from ballast.gate.until import parse_length, parse_until

NOW = datetime(2026, 5, 4, 12, 0, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("90m", "2026-05-04T13:30:00+00:00"),
        ("4h", "2026-05-04T16:00:00+00:00"),
        ("2d", "2026-05-06T12:00:00+00:00"),
        ("2026-05-06", "2026-05-06T00:00:00+00:00"),
        ("2026-05-04T18:00", "2026-05-04T18:00:00+00:00"),
        ("2026-05-04T18:00+02:00", "2026-05-04T18:00:00+02:00"),
    ],
)
def test_an_end_is_an_instant_in_whole_seconds(text, end):
    assert parse_until(text, NOW).isoformat() == end


@pytest.mark.parametrize("text", ["soon", "", "4x", "-4h"])
def test_what_is_no_time_is_refused_with_examples(text):
    with pytest.raises(BallastError, match="is no time") as refusal:
        parse_until(text, NOW)
    assert "4h" in refusal.value.fix


@pytest.mark.parametrize("text", ["0h", "2026-05-04", "2026-05-04T11:59"])
def test_what_is_over_is_refused(text):
    with pytest.raises(BallastError, match="is over already"):
        parse_until(text, NOW)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90.0), ("10m", 600.0), (" 2h ", 7200.0)])
def test_a_length_is_seconds(text, seconds):
    assert parse_length(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "0m", "-1m", "1d", "soon"])
def test_what_is_no_length_is_refused_with_examples(text):
    with pytest.raises(BallastError, match="is no length of time") as refusal:
        parse_length(text)
    assert "10m" in refusal.value.fix
