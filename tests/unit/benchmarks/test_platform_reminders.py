"""The lateness of reminders, from what users were delivered."""

from hypothesis import given
from hypothesis import strategies as st
from reminders_on_platform import Reminded, figures

lates = st.lists(st.floats(0, 2, allow_nan=False), min_size=1, max_size=50)


def reminder(late: float, took: float = 0.1) -> Reminded:
    return Reminded(1000.0, 1000.0 + late, 1000.0 + late + took)


@given(lates)
def test_the_parts_are_never_more_than_both(late: list[float]) -> None:
    found = figures("case", len(late), [reminder(each) for each in late])
    assert found.came == found.owed
    assert all(a <= b + 1e-6 for a, b in zip(found.scheduler, found.both, strict=True))
    assert 0 <= found.share <= 1


def test_what_did_not_come_counts_against_the_share() -> None:
    found = figures("case", 2, [reminder(0.0)])
    assert (found.share, found.holds) == (0.5, False)


def test_an_early_reminder_fails() -> None:
    assert figures("case", 1, [reminder(-0.01)]).early == 1
    assert not figures("case", 1, [reminder(-0.01)]).holds
    assert figures("case", 1, [reminder(0.01)]).holds
