"""Verdicts on the steady window: PASS, FAIL, VACUOUS and INCONCLUSIVE, each with its reason."""

import json

import pytest

from ballast.gate.judge import Generator, judge_generator, judge_slo
from ballast.gate.verdict import Outcome, Verdict, overall
from ballast.slo.model import Slo, load_slos


@pytest.fixture
def slo():
    found = {slo.name: slo for slo in load_slos()}

    def by_name(name: str) -> Slo:
        return found[name]

    return by_name


def test_availability_passes_with_enough_samples_and_no_failure(slo, make_sample):
    verdict = judge_slo(slo("gateway-availability"), [make_sample(n) for n in range(2995)])
    assert verdict.outcome is Outcome.PASS


def test_one_sample_too_few_is_inconclusive_and_says_how_many_are_needed(slo, make_sample):
    verdict = judge_slo(slo("gateway-availability"), [make_sample(n) for n in range(2994)])
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "2995 samples are needed" in verdict.reason


def test_one_failure_in_three_thousand_proves_nothing_either_way(slo, make_sample):
    samples = [make_sample(n, status=503 if n == 5 else 200) for n in range(3300)]
    verdict = judge_slo(slo("gateway-availability"), samples)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.figures["needed"] == 4742


def test_a_release_that_fails_one_in_a_hundred_fails(slo, make_sample):
    samples = [make_sample(n, status=0 if n % 100 == 0 else 200) for n in range(3300)]
    verdict = judge_slo(slo("gateway-availability"), samples)
    assert verdict.outcome is Outcome.FAIL
    assert "33 x no answer" in verdict.reason


@pytest.mark.parametrize("status", [0, 302, 401, 404, 429, 500, 503])
def test_every_answer_but_success_is_bad(slo, make_sample, status: int):
    samples = [make_sample(n, status=status) for n in range(50)]
    assert judge_slo(slo("gateway-availability"), samples).outcome is Outcome.FAIL


def test_the_figures_of_an_objective_are_counts_shares_and_milliseconds(slo, make_sample):
    steady = [
        make_sample(n, latency=(n + 1) / 1000, status=503 if n < 2 else 200) for n in range(200)
    ]
    verdict = judge_slo(slo("gateway-latency"), steady)
    assert verdict.figures == {
        "samples": 200, "bad": 2, "needed": 628, "upper_bound": 0.031143, "lower_bound": 0.00178,
        "allowed": 0.01, "p50_ms": 100.0, "p95_ms": 190.0, "p99_ms": 198.0,
    }  # fmt: skip
    assert verdict.reason == (
        "2 of 200 requests failed or took over 300 ms (2 x 503); "
        "628 samples are needed to prove 99.000%"
    )


def test_an_answer_at_the_threshold_is_fast_enough(slo, make_sample):
    at_threshold = make_sample(at=0.0, latency=0.3)
    assert judge_slo(slo("gateway-latency"), [at_threshold]).figures["bad"] == 0
    assert (
        judge_slo(slo("gateway-latency"), [make_sample(at=0.0, latency=0.301)]).figures["bad"] == 1
    )


def test_slow_answers_are_bad_without_an_answer_to_count(slo, make_sample):
    verdict = judge_slo(slo("gateway-latency"), [make_sample(n, latency=1.0) for n in range(400)])
    assert verdict.reason.startswith("400 of 400 requests failed or took over 300 ms; at least")


def test_no_sample_is_vacuous(slo):
    assert judge_slo(slo("gateway-availability"), []).outcome is Outcome.VACUOUS


def test_latency_counts_from_the_intended_start(slo, make_sample):
    samples = [make_sample(n, lag=0.29, latency=0.31) for n in range(400)]
    assert judge_slo(slo("gateway-latency"), samples).outcome is Outcome.FAIL


def test_a_fast_refusal_is_not_a_fast_answer(slo, make_sample):
    samples = [make_sample(n, status=503) for n in range(400)]
    assert judge_slo(slo("gateway-latency"), samples).outcome is Outcome.FAIL


def test_latency_passes_when_all_are_fast(slo, make_sample):
    samples = [make_sample(n) for n in range(400)]
    assert judge_slo(slo("gateway-latency"), samples).outcome is Outcome.PASS


def test_an_objective_without_a_gate_is_not_judged(slo):
    with pytest.raises(ValueError, match="no LoadGate"):
        judge_slo(slo("event-publish-latency"), [])


def test_an_honest_generator_passes(make_sample):
    steady = [make_sample(n, lag=0.001) for n in range(100)]
    verdict = judge_generator(steady, Generator(100, 100, 0.3), 0.3)
    assert verdict.outcome is Outcome.PASS
    assert verdict.reason == "all 100 planned requests were sent, p99 start 1.0 ms late"
    assert verdict.figures == {
        "planned": 100, "written": 100, "steady": 100, "late_starts": 0, "lag_p99_ms": 1.0,
        "cpu_share": 0.3,
    }  # fmt: skip


def test_a_generator_at_its_limits_is_honest(make_sample):
    steady = [make_sample(at=0.0, lag=0.03) for _ in range(100)]
    verdict = judge_generator(steady, Generator(100, 100, 0.85), 0.3)
    assert (verdict.outcome, verdict.figures["late_starts"]) == (Outcome.PASS, 0)


def test_a_generator_that_nobody_watched_leaves_a_figure_that_a_record_can_hold(make_sample):
    verdict = judge_generator([make_sample(1)], Generator(1, 1, float("nan")), 0.3)
    assert verdict.figures["cpu_share"] == "unknown"
    assert json.loads(json.dumps(verdict.figures, allow_nan=False)) == verdict.figures


@pytest.mark.parametrize(
    ("generator", "lag", "outcome", "said"),
    [
        (
            Generator(101, 100, 0.3),
            0.001,
            Outcome.INCONCLUSIVE,
            "100 samples of 101 planned requests: 1 are missing",
        ),
        (Generator(100, 100, 0.86), 0.001, Outcome.INCONCLUSIVE, "86% of a core"),
        (Generator(100, 100, float("nan")), 0.001, Outcome.INCONCLUSIVE, "bottleneck"),
        (Generator(100, 100, 0.3), 0.031, Outcome.INCONCLUSIVE, "31 ms late (limit 30 ms)"),
    ],
)
def test_a_generator_that_shaped_the_figures_invalidates_them(
    make_sample, generator: Generator, lag: float, outcome: Outcome, said: str
):
    steady = [make_sample(n, lag=lag) for n in range(100)]
    verdict = judge_generator(steady, generator, 0.3)
    assert verdict.outcome is outcome
    assert said in verdict.reason


def test_a_load_without_samples_is_vacuous():
    assert judge_generator([], Generator(100, 0, 0.3), 0.3).outcome is Outcome.VACUOUS


@pytest.mark.parametrize("bad", [Outcome.FAIL, Outcome.VACUOUS, Outcome.INCONCLUSIVE])
def test_only_pass_passes(bad: Outcome):
    assert overall([Verdict("a", Outcome.PASS, ""), Verdict("b", bad, "")]) is bad


def test_a_run_without_verdicts_is_vacuous():
    assert overall([]) is Outcome.VACUOUS
