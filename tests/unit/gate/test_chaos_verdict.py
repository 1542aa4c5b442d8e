"""Experiments are judged by what their journal and the witness prove."""

from dataclasses import replace

import pytest

from ballast.gate.broker_view import Progress
from ballast.gate.chaos_verdict import Evidence, Expectation, Hypothesis, judge_chaos
from ballast.gate.consumers import Consumers
from ballast.gate.controls import FaultProof
from ballast.gate.pods import PodState
from ballast.gate.verdict import Outcome

KILLED_AT = 1000.0
CHECK = "chaos/kill-task-service"
WORKLOAD = "todo-app-dev/task-service"


def pod(name: str, *, ready: bool = True, workload: str = WORKLOAD, restarts: int = 0) -> PodState:
    return PodState(name, f"uid-{name}", ready, False, workload, restarts={"c": restarts})


FACTS = {"pod": "a", "at": KILLED_AT, "until": KILLED_AT, "proven_at": KILLED_AT + 2.5}


def journal(**changes) -> dict:
    return {
        "status": "completed",
        "deviated": False,
        "steady_states": {
            "before": {"steady_state_met": True, "probes": []},
            "after": {"steady_state_met": True, "probes": []},
        },
        "run": [
            {"activity": {"type": "probe", "name": "look"}, "status": "succeeded"},
            {"activity": {"type": "action"}, "status": "succeeded", "output": FACTS},
        ],
        "rollbacks": [{"activity": {"name": "undo"}, "status": "succeeded"}],
        **changes,
    }


def injected(**facts) -> dict:
    run = [
        {"activity": {"type": "action"}, "status": "succeeded", "output": {**FACTS, **facts}},
    ]
    return journal(run=run)


NEIGHBOUR = pod("n", workload="todo-app-dev/scheduler-service")
PROOF = FaultProof(
    before_at=999.0,
    before=[pod("a"), pod("b"), NEIGHBOUR],
    after_at=1012.0,
    after=[pod("b"), pod("c"), NEIGHBOUR],
)
GROUP = "todo-app-dev.notification-service"


def progress(end: int, committed: int) -> Progress:
    return Progress({"dev.task.created/0": end}, {GROUP: {"dev.task.created/0": committed}})


CAUGHT_UP = Consumers(progress(50, 50), progress(90, 88))
EXPECTED = Expectation("Kill one pod", WORKLOAD, frozenset({WORKLOAD}), lambda *_: "")


@pytest.fixture
def good(make_sample) -> Evidence:
    samples = [make_sample(n, at=995 + n * 0.1) for n in range(450)]
    return Evidence(journal(), PROOF, samples, Hypothesis(0.9, 30.0, 40.0), EXPECTED, CAUGHT_UP)


def judged(evidence: Evidence) -> tuple[Outcome, str]:
    verdict = judge_chaos(CHECK, evidence)
    return verdict.outcome, verdict.reason


def failing(evidence: Evidence, start: float, end: float) -> Evidence:
    samples = [
        replace(sample, status=503) if start <= sample.intended < end else sample
        for sample in evidence.samples
    ]
    return replace(evidence, samples=samples)


def test_a_proven_fault_with_little_impact_passes(good):
    outcome, reason = judged(failing(good, 1000.0, 1002.0))
    assert outcome is Outcome.PASS
    assert reason.startswith("Kill one pod: seen after 0.0 s; 95.00% of 400 requests answered")


def test_completed_but_the_action_failed_is_vacuous(good):
    run = [
        {
            "activity": {"type": "action", "name": "inject"},
            "status": "failed",
            "exception": ["Traceback\n", "KubeApiError: 403 pods is forbidden\n"],
        }
    ]
    outcome, reason = judged(replace(good, journal=journal(run=run)))
    assert outcome is Outcome.VACUOUS
    assert "403 pods is forbidden" in reason


def test_completed_but_the_fault_is_not_proven_is_vacuous(good):
    seen = []

    def doubt(facts, proof):
        seen.append((facts, proof))
        return "its UID did not go"

    outcome, reason = judged(replace(good, expected=replace(EXPECTED, doubt=doubt)))
    assert (outcome, reason) == (Outcome.VACUOUS, "its UID did not go")
    assert seen == [(FACTS, PROOF)]


def test_an_empty_method_is_vacuous(good):
    outcome, reason = judged(replace(good, journal=journal(run=[])))
    assert outcome is Outcome.VACUOUS
    assert "never ran" in reason


def test_no_journal_is_vacuous(good):
    assert judged(replace(good, journal={}))[0] is Outcome.VACUOUS


def test_no_witness_is_vacuous(good):
    assert judged(replace(good, proof=None))[0] is Outcome.VACUOUS


def test_a_witness_that_saw_only_the_beginning_is_vacuous(good):
    proof = FaultProof(999.0, [pod("a"), pod("b")])
    assert judged(replace(good, proof=proof))[0] is Outcome.VACUOUS


def test_no_load_during_the_fault_is_vacuous(good):
    outcome, reason = judged(replace(good, samples=good.samples[:20]))
    assert outcome is Outcome.VACUOUS
    assert "no request" in reason


@pytest.mark.parametrize(
    "times", [{"at": 998.9}, {"until": 1012.1}, {"at": 1001.0, "until": 1000.5}]
)
def test_a_fault_at_a_time_that_the_witness_did_not_see_is_vacuous(good, times):
    outcome, reason = judged(replace(good, journal=injected(**times)))
    assert outcome is Outcome.VACUOUS
    assert "the witness looked at 999.0 and 1012.0" in reason


def test_a_fault_may_last_from_the_first_look_of_the_witness_to_the_last(good):
    lasting = replace(good, journal=injected(at=999.0, until=1010.0))
    assert judged(replace(lasting, proof=replace(PROOF, after_at=1010.0)))[0] is Outcome.PASS


@pytest.mark.parametrize(
    ("last", "expected"), [(1029.0, Outcome.PASS), (1028.9, Outcome.INCONCLUSIVE)]
)
def test_a_load_that_ends_before_the_stated_recovery_is_inconclusive(
    good, make_sample, last, expected
):
    samples = [make_sample(n, at=at) for n, at in enumerate([1000.0, 1028.0, last])]
    outcome, reason = judged(replace(good, samples=samples))
    assert outcome is expected
    if expected is not Outcome.PASS:
        assert reason == "the load ended 28.9 s after the fault, 30 s are to be watched"


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


@pytest.mark.parametrize(
    ("rollbacks", "said"),
    [
        ([], "nobody undid it"),
        ([{"status": "failed", "exception": "X: packets are still lost"}], "packets are still"),
        ([{"status": "succeeded"}, {"status": "aborted"}], "nobody undid it"),
    ],
)
def test_a_fault_that_was_not_undone_fails(good, rollbacks, said):
    outcome, reason = judged(replace(good, journal=journal(rollbacks=rollbacks)))
    assert outcome is Outcome.FAIL
    assert said in reason


def test_too_many_failed_requests_fail(good):
    outcome, reason = judged(failing(good, 1000.0, 1010.0))
    assert outcome is Outcome.FAIL
    assert "90.00% stated" in reason


def test_a_slow_recovery_fails(good):
    outcome, reason = judged(failing(good, 1031.0, 1031.5))
    assert outcome is Outcome.FAIL
    assert "30 s stated" in reason


def test_recovery_counts_from_the_end_of_a_fault_that_lasts(good):
    lasting = replace(good, journal=injected(until=KILLED_AT + 10))
    assert judged(failing(lasting, 1031.0, 1031.5))[0] is Outcome.PASS
    verdict = judge_chaos(CHECK, failing(lasting, 1002.0, 1002.5))
    assert verdict.figures["recovered_s"] == 0.0


def test_failures_until_the_end_are_no_recovery(good):
    outcome, reason = judged(failing(good, 1037.0, 1038.0))
    assert outcome is Outcome.FAIL
    assert "not at all" in reason


def test_what_is_stated_is_allowed(good):
    # 40 s of the window with 400 requests: 40 may fail, and the last of them ends at 30 s.
    at_the_limit = failing(good, 1000.0, 1003.95)
    assert at_the_limit.availability == 0.9
    assert judged(at_the_limit)[0] is Outcome.PASS
    late = [
        replace(sample, ended=1030.0) if sample.status == 503 else sample
        for sample in at_the_limit.samples
    ]
    assert judged(replace(at_the_limit, samples=late))[0] is Outcome.PASS


@pytest.mark.parametrize(("failed", "recovered"), [({30.0, 35.0}, True), ({30.0, 36.0}, False)])
def test_five_good_seconds_after_the_last_failure_are_a_recovery(make_sample, failed, recovered):
    samples = [
        make_sample(n, at=KILLED_AT + n, status=503 if n in failed else 200) for n in range(41)
    ]
    stated = Hypothesis(0.9, 60.0, 41.0)
    evidence = Evidence(journal(), PROOF, samples, stated, EXPECTED, CAUGHT_UP)
    assert (evidence.recovered is not None) is recovered


def test_a_fault_that_nobody_noticed_was_detected_by_who_watched_it(good):
    assert judge_chaos(CHECK, good).figures["detected_s"] == 2.5


def test_a_failed_request_before_that_detects_it_sooner(good):
    verdict = judge_chaos(CHECK, failing(good, 1001.0, 1001.2))
    assert verdict.figures["detected_s"] == pytest.approx(1.02)


def test_a_pod_that_nothing_replaced_fails(good):
    proof = replace(PROOF, after=[pod("b"), pod("c", ready=False), NEIGHBOUR])
    outcome, reason = judged(replace(good, proof=proof))
    assert outcome is Outcome.FAIL
    assert f"1 of 2 pods of {WORKLOAD} serve again" in reason


@pytest.mark.parametrize("changes", [{"deviated": True}, {"status": "aborted"}])
def test_a_steady_state_that_did_not_return_fails(good, changes):
    assert judged(replace(good, journal=journal(**changes)))[0] is Outcome.FAIL


def test_a_change_outside_the_radius_fails_and_is_named(good):
    restarted = pod("n", workload=NEIGHBOUR.workload, restarts=1)
    verdict = judge_chaos(
        CHECK, replace(good, proof=replace(PROOF, after=[pod("b"), pod("c"), restarted]))
    )
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reason == (f"the fault reached beyond {WORKLOAD}: todo-app-dev/n was restarted")
    assert verdict.figures["changed_outside"] == 1


@pytest.mark.parametrize(("restarted", "more"), [(3, ""), (5, " (and 2 more)")])
def test_only_some_changes_are_told_and_the_rest_is_counted(good, restarted, more):
    others = [pod(f"n{n}", workload="other/x") for n in range(restarted)]
    changed = [pod(f"n{n}", workload="other/x", restarts=1) for n in range(restarted)]
    proof = replace(PROOF, before=[*PROOF.before, *others], after=[*PROOF.after, *changed])
    reason = judged(replace(good, proof=proof))[1]
    assert reason.endswith(f"n2 was restarted{more}")


def test_a_change_inside_a_stated_radius_passes(good):
    restarted = pod("n", workload=NEIGHBOUR.workload, restarts=1)
    proof = replace(PROOF, after=[pod("b"), pod("c"), restarted])
    wider = replace(EXPECTED, radius=frozenset({WORKLOAD, NEIGHBOUR.workload}))
    assert judged(replace(good, proof=proof, expected=wider))[0] is Outcome.PASS


@pytest.mark.parametrize(
    ("consumers", "outcome", "said"),
    [
        (None, Outcome.INCONCLUSIVE, "nobody asked"),
        (Consumers(unknown="before the fault: no"), Outcome.INCONCLUSIVE, "before the fault: no"),
        (Consumers(before=progress(5, 5)), Outcome.INCONCLUSIVE, "is not known"),
        (Consumers(Progress({}), Progress({})), Outcome.VACUOUS, "no consumer group"),
        (
            Consumers(progress(5, 5), progress(205, 100)),
            Outcome.FAIL,
            f"{GROUP} is 105 events behind in the end, at most 100",
        ),
        (
            Consumers(progress(50, 50), progress(49, 49)),
            Outcome.FAIL,
            "the broker lost something: dev.task.created/0 ended at 50 and ends at 49; "
            f"{GROUP} had read dev.task.created/0 up to 50 and stands at 49",
        ),
        (
            Consumers(progress(50, 50), Progress({"dev.task.created/0": 50})),
            Outcome.FAIL,
            "and stands at 0",
        ),
    ],
)
def test_consumers_that_lost_or_missed_events_do_not_pass(good, consumers, outcome, said):
    found = judged(replace(good, consumers=consumers))
    assert found[0] is outcome
    assert said in found[1]


def test_consumers_may_have_as_much_left_as_stated(good):
    verdict = judge_chaos(
        CHECK, replace(good, consumers=Consumers(progress(5, 5), progress(105, 5)))
    )
    assert verdict.outcome is Outcome.PASS, verdict.reason
    assert verdict.figures["lag_events"] == 100


def test_figures_keep_the_proof_and_the_times_for_the_report(good):
    figures = judge_chaos(CHECK, good).figures
    assert figures["fault_at"] == figures["fault_until"] == KILLED_AT
    assert figures["proof"] == "pod a"
    assert figures["radius"] == WORKLOAD
    assert figures["changed_outside"] == 0
    assert figures["proven_at"] == KILLED_AT + 2.5
    assert "first_failed_at" not in figures


def test_figures_keep_when_the_first_request_failed(good):
    figures = judge_chaos(CHECK, failing(good, 1001.0, 1002.0)).figures
    assert figures["first_failed_at"] == pytest.approx(1001.02)


def test_a_verdict_without_a_fault_has_no_figures_of_one(good):
    assert "fault_at" not in judge_chaos(CHECK, replace(good, journal=journal(run=[]))).figures
