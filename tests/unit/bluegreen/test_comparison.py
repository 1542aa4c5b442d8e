"""When a canary grows, waits or goes back, by exact tests on counts of both releases."""

import random

import pytest

from ballast.bluegreen.comparison import Counts, Decision, compare, counted

ALLOWED = 0.001


def decision(canary: tuple[int, int], stable: tuple[int, int] = (0, 2000)) -> Decision:
    return compare(Counts(*canary), Counts(*stable), ALLOWED).decision


@pytest.mark.parametrize(
    ("canary", "stable", "expected"),
    [
        ((0, 100), (0, 1900), Decision.GROW),
        ((0, 99), (0, 1900), Decision.WAIT),
        ((0, 0), (0, 0), Decision.WAIT),
        ((1, 100), (0, 1900), Decision.GROW),  # one failure is chance
        ((12, 100), (0, 1900), Decision.REVERT),
        ((5, 5), (0, 1900), Decision.REVERT),  # worse than its neighbour, before it burns by count
        ((2, 9), (0, 3), Decision.WAIT),
        ((9, 9), (0, 0), Decision.WAIT),  # nobody beside it, and too few to page
        ((10, 10), (0, 0), Decision.REVERT),
    ],
)
def test_a_canary_is_judged_by_its_counts(canary, stable, expected) -> None:
    assert decision(canary, stable) is expected


def test_what_both_suffer_is_no_fault_of_the_canary_until_it_burns() -> None:
    assert decision((3, 120), (50, 1900)) is Decision.GROW
    assert "burns the error budget" in compare(Counts(40, 120), Counts(600, 1900), ALLOWED).reason


def share_of(expected: Decision, fails: float, runs: int = 200) -> float:
    """How often a canary ends so, which is looked at every 20 requests until it grows or goes."""
    chance = random.Random(7)
    ended = 0
    for _ in range(runs):
        canary = stable = (0, 0)
        while (found := decision(canary, stable)) is Decision.WAIT:
            canary = (canary[0] + sum(chance.random() < fails for _ in range(20)), canary[1] + 20)
            stable = (
                stable[0] + sum(chance.random() < 0.0005 for _ in range(380)),
                stable[1] + 380,
            )
        ended += found is expected
    return ended / runs


def test_a_sound_canary_seldom_goes_back() -> None:
    assert share_of(Decision.GROW, fails=0.0005) >= 0.98


def test_a_canary_that_fails_one_request_in_five_goes_back() -> None:
    assert share_of(Decision.REVERT, fails=0.2) >= 0.99


class Answers:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def query(self, expression: str) -> list[float]:
        self.asked.append(expression)
        return [3.2] if "failed" in expression else [119.7]


def test_the_gateway_s_own_count_of_one_release_is_asked_for() -> None:
    metrics = Answers()
    assert counted(metrics, "todo-app-dev", "canary", 45.0) == Counts(3, 120)
    assert all('namespace="todo-app-dev",release="canary"' in one for one in metrics.asked)
    assert all("[45s]" in one for one in metrics.asked)


def test_a_window_always_holds_two_scrapes() -> None:
    metrics = Answers()
    counted(metrics, "todo-app-dev", "stable", 2.0)
    assert "[30s]" in metrics.asked[0]
