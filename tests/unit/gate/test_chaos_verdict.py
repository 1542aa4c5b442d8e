"""Experiments are judged by what their journal and the witness prove."""

from dataclasses import replace

import pytest

from ballast.gate.chaos_verdict import Evidence, Hypothesis, judge_chaos
from ballast.gate.controls import FaultProof
from ballast.gate.verdict import Outcome

KILLED_AT = 1000.0
CHECK = "chaos/kill-task-service"


def pod(name: str, *, ready: bool = True) -> dict:
    return {"name": name, "uid": f"uid-{name}", "ready": ready, "leaving": False, "restarts": 0}


def journal(**changes) -> dict:
    return {
        "status": "completed",
        "deviated": False,
        "steady_states": {
            "before": {"steady_state_met": True, "probes": []},
            "after": {"steady_state_met": True, "probes": []},
        },
        "run": [
            {
                "activity": {"type": "action", "name": "kill-one-pod"},
                "status": "succeeded",
                "output": {"name": "a", "uid": "uid-a", "at": KILLED_AT},
            }
        ],
        **changes,
    }


PROOF = FaultProof(
    "task-service",
    before_at=999.0,
    before=[pod("a"), pod("b")],
    after_at=1012.0,
    after=[pod("b"), pod("c")],
)


@pytest.fixture
def good(make_sample) -> Evidence:
    samples = [make_sample(n, at=995 + n * 0.1) for n in range(450)]
    return Evidence(journal(), PROOF, samples, Hypothesis(0.9, 30.0, 40.0))


def judged(evidence: Evidence) -> tuple[Outcome, str]:
    verdict = judge_chaos(CHECK, evidence)
    return verdict.outcome, verdict.reason


def failing(evidence: Evidence, start: float, end: float) -> Evidence:
    samples = [
        replace(sample, status=503) if start <= sample.intended < end else sample
        for sample in evidence.samples
    ]
    return replace(evidence, samples=samples)


def test_a_proven_kill_with_little_impact_passes(good):
    outcome, reason = judged(failing(good, 1000.0, 1002.0))
    assert outcome is Outcome.PASS
    assert "pod a killed and replaced" in reason


def test_completed_but_the_action_failed_is_vacuous(good):
    run = [
        {
            "activity": {"type": "action", "name": "kill-one-pod"},
            "status": "failed",
            "exception": ["Traceback\n", "KubeApiError: 403 pods is forbidden\n"],
        }
    ]
    outcome, reason = judged(replace(good, journal=journal(run=run)))
    assert outcome is Outcome.VACUOUS
    assert "403 pods is forbidden" in reason


def test_completed_but_nothing_happened_is_vacuous(good):
    proof = replace(PROOF, after=[pod("a"), pod("b")])
    outcome, reason = judged(replace(good, proof=proof))
    assert outcome is Outcome.VACUOUS
    assert "its UID did not go" in reason


def test_a_pod_that_never_lived_cannot_have_been_killed(good):
    proof = replace(PROOF, before=[pod("b")])
    assert judged(replace(good, proof=proof))[0] is Outcome.VACUOUS


def test_an_empty_method_is_vacuous(good):
    outcome, reason = judged(replace(good, journal=journal(run=[])))
    assert outcome is Outcome.VACUOUS
    assert "never ran" in reason


def test_no_journal_is_vacuous(good):
    assert judged(replace(good, journal={}))[0] is Outcome.VACUOUS


def test_no_witness_is_vacuous(good):
    assert judged(replace(good, proof=None))[0] is Outcome.VACUOUS


def test_a_witness_that_saw_only_the_beginning_is_vacuous(good):
    proof = FaultProof("task-service", 999.0, [pod("a"), pod("b")])
    assert judged(replace(good, proof=proof))[0] is Outcome.VACUOUS


def test_no_load_during_the_fault_is_vacuous(good):
    outcome, reason = judged(replace(good, samples=good.samples[:20]))
    assert outcome is Outcome.VACUOUS
    assert "no request" in reason


def test_a_sick_baseline_is_inconclusive_and_names_the_probe(good):
    states = {
        "before": {
            "steady_state_met": False,
            "probes": [{"activity": {"name": "gateway-answers"}, "tolerance_met": False}],
        }
    }
    outcome, reason = judged(replace(good, journal=journal(steady_states=states)))
    assert outcome is Outcome.INCONCLUSIVE
    assert "gateway-answers does not hold" in reason


def test_too_many_failed_requests_fail(good):
    outcome, reason = judged(failing(good, 1000.0, 1010.0))
    assert outcome is Outcome.FAIL
    assert "90.00% stated" in reason


def test_a_slow_recovery_fails(good):
    outcome, reason = judged(failing(good, 1031.0, 1031.5))
    assert outcome is Outcome.FAIL
    assert "30 s stated" in reason


def test_failures_until_the_end_are_no_recovery(good):
    outcome, reason = judged(failing(good, 1037.0, 1038.0))
    assert outcome is Outcome.FAIL
    assert "not at all" in reason


def test_a_pod_that_nothing_replaced_fails(good):
    proof = replace(PROOF, after=[pod("b"), pod("c", ready=False)])
    outcome, reason = judged(replace(good, proof=proof))
    assert outcome is Outcome.FAIL
    assert "nothing replaced" in reason


@pytest.mark.parametrize("changes", [{"deviated": True}, {"status": "aborted"}])
def test_a_steady_state_that_did_not_return_fails(good, changes):
    assert judged(replace(good, journal=journal(**changes)))[0] is Outcome.FAIL


def test_the_time_of_the_fault_is_kept_for_the_report(good):
    assert judge_chaos(CHECK, good).figures["fault_at"] == KILLED_AT
