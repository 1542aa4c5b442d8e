"""Verdicts on the steady window: PASS, FAIL, VACUOUS and INCONCLUSIVE, each with its reason."""

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
    assert judge_generator(steady, Generator(100, 100, 0.3), 0.3).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("generator", "lag", "outcome", "said"),
    [
        (Generator(101, 100, 0.3), 0.001, Outcome.INCONCLUSIVE, "1 are missing"),
        (Generator(100, 100, 0.86), 0.001, Outcome.INCONCLUSIVE, "86% of a core"),
        (Generator(100, 100, float("nan")), 0.001, Outcome.INCONCLUSIVE, "bottleneck"),
        (Generator(100, 100, 0.3), 0.031, Outcome.INCONCLUSIVE, "31 ms late"),
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
