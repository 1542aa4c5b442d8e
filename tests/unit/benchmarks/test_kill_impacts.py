"""What clients saw is given to the kill that caused it."""

from hypothesis import given
from hypothesis import strategies as st
from kill_run import Kill, impacts
from workload.clients import Create, Failure

from ballast.gate.history.operations import Result

times = st.floats(0, 1000, allow_nan=False)


def kill(at: float) -> Kill:
    return Kill("kill-redis", at, at + 1.0, at + 2.0)


def create(completed: float, *failures: float) -> Create:
    return Create(
        0, "u", "k", completed - 1, None, completed - 1, completed, Result.ACKNOWLEDGED, "t",
        [Failure(at, 503, "") for at in failures],
    )  # fmt: skip


@given(st.lists(times, min_size=1, unique=True).map(sorted), st.lists(times))
def test_each_failure_after_a_kill_counts_once(kills: list[float], failures: list[float]) -> None:
    found = impacts([kill(at) for at in kills], [create(2000, *failures)], {})
    assert sum(each.failed for each in found) == sum(at >= kills[0] for at in failures)


def test_a_failure_belongs_to_the_last_kill_before_it() -> None:
    first, second = impacts([kill(10), kill(50)], [create(100, 12.5, 51.0)], {})
    assert (first.failed, first.detected, first.recovered) == (1, 1.0, 2.5)
    assert (second.failed, second.detected, second.recovered) == (1, 1.0, 2.0)


def test_what_no_request_noticed_is_detected_by_its_proof() -> None:
    [found] = impacts([kill(10)], [create(11)], {})
    assert (found.failed, found.detected, found.recovered) == (0, 1.0, 2.0)


def test_the_slowest_effect_is_of_the_creates_after_the_kill() -> None:
    early, late = create(9), create(20)
    early.task, late.task = "early", "late"
    [found] = impacts([kill(10)], [early, late], {"early": 90.0, "late": 23.0})
    assert found.slowest == 3.0
