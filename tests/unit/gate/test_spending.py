"""The budget that a run spends: all of its requests to the new release, against the objective."""

import pytest

from ballast.gate.spending import Spent, spent
from ballast.slo.model import load_slos

AVAILABILITY, LATENCY = "gateway-availability", "gateway-latency"
JUDGED = (1000.0, 1010.0)


@pytest.fixture
def lost(make_sample):
    """What is spent by 1000 requests over twenty seconds, of which some fail and some are slow."""

    def by(fact: dict | None = None, failed: int = 3, slow: int = 10) -> dict[str, Spent]:
        samples = [
            make_sample(
                n, status=503 if n % 300 == 0 and n // 300 < failed else 200,
                latency=0.5 if n % 97 == 1 and n // 97 < slow else 0.02,
            )
            for n in range(1000)
        ]  # fmt: skip
        facts = [{"slo": AVAILABILITY, **fact}] if fact else []
        return {each.slo: each for each in spent(load_slos(), samples, JUDGED, facts)}

    return by


def test_what_failed_under_the_fault_counts_as_what_failed_before_it(lost):
    found = lost()[AVAILABILITY]
    assert (found.requests, found.bad, found.bad_judged) == (1000, 3, 2)


def test_a_share_of_one_is_what_the_objective_allows(lost):
    found = lost()[AVAILABILITY]
    assert found.allowed == pytest.approx(1.0)
    assert found.of_run == pytest.approx(3.0)


def test_slow_answers_spend_the_budget_of_latency_and_so_do_failed_ones(lost):
    assert lost()[LATENCY].bad == 13


def test_only_objectives_that_a_load_can_judge_are_counted(lost):
    assert set(lost()) == {AVAILABILITY, LATENCY}


def test_the_share_of_the_window_is_of_the_budget_of_thirty_days(lost):
    found = lost({"remaining": 0.97, "events": 300_000, "exhausted": False})[AVAILABILITY]
    assert found.of_window == pytest.approx(3 / 300)
    assert (found.remaining, found.missing) == (0.97, "")


@pytest.mark.parametrize(
    ("fact", "why"),
    [
        (None, "Prometheus was not asked"),
        ({"missing": "it does not answer"}, "it does not answer"),
        (
            {"remaining": 1.0, "events": 0, "exhausted": False},
            "Prometheus has counted no event in 30 days",
        ),
    ],
)
def test_a_window_that_nobody_knows_says_why(lost, fact, why):
    found = lost(fact)[AVAILABILITY]
    assert (found.of_window, found.missing) == (None, why)


def test_a_run_without_a_request_spent_no_share():
    found = spent(load_slos(), [], JUDGED, [])
    assert {each.of_run for each in found} == {None}
