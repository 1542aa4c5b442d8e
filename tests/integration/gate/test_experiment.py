"""The real chaostoolkit against an API server: its journal is judged, its exit code is not."""

import json

import pytest
from experiment_play import HYPOTHESIS, around_now, evidence_of, order_of, write_samples

from ballast.gate.chaos import start_experiment
from ballast.gate.chaos_verdict import judge_chaos
from ballast.gate.consumers import read_consumers
from ballast.gate.verdict import Outcome


@pytest.fixture
def experiment(tmp_path):
    """Run an experiment on a cluster, under samples of a system that answers."""

    def run(cluster, name: str = "kill-task-service", *, status: int = 200, **changes):
        order = order_of(cluster, tmp_path, name, **changes)
        write_samples(order.samples, around_now(status))
        exit_code = start_experiment(order, HYPOTHESIS).wait(120)
        evidence = evidence_of(order)
        return judge_chaos(f"chaos/{name}", evidence), exit_code, evidence

    return run


def test_a_kill_that_happens_and_heals_passes(cluster_server, experiment):
    with cluster_server("heals") as cluster:
        verdict, _, evidence = experiment(cluster)
    assert verdict.outcome is Outcome.PASS, verdict.reason
    assert evidence.facts["pod"] not in cluster.pods


def test_the_seed_chooses_the_same_victim_again(cluster_server, experiment):
    killed = set()
    for _ in range(2):
        with cluster_server("heals") as cluster:
            killed.add(experiment(cluster)[2].facts["pod"])
    assert len(killed) == 1


def test_a_deletion_without_effect_is_vacuous_although_the_run_completed(
    cluster_server, experiment
):
    with cluster_server("ignores deletions") as cluster:
        verdict, exit_code, evidence = experiment(cluster)
    assert verdict.outcome is Outcome.VACUOUS
    assert "its UID did not go" in verdict.reason
    assert (exit_code, evidence.journal["status"]) == (0, "completed")


def test_a_forbidden_deletion_is_vacuous_and_says_so(cluster_server, experiment):
    with cluster_server("forbids deletions") as cluster:
        verdict, exit_code, _ = experiment(cluster)
    assert verdict.outcome is Outcome.VACUOUS
    assert "forbidden" in verdict.reason
    assert exit_code == 0


def test_a_pod_that_nothing_replaces_fails(cluster_server, experiment):
    with cluster_server("never replaces") as cluster:
        verdict, _, _ = experiment(cluster)
    assert verdict.outcome is Outcome.FAIL
    assert "1 of 2 pods of todo-app-dev/task-service serve again" in verdict.reason


def test_a_neighbour_that_restarts_fails_the_experiment(cluster_server, experiment):
    with cluster_server("restarts a neighbour") as cluster:
        verdict, _, _ = experiment(cluster)
    assert verdict.outcome is Outcome.FAIL
    assert "todo-app-dev/scheduler-service-0 was restarted" in verdict.reason


def test_a_system_that_fails_beforehand_is_inconclusive(cluster_server, experiment):
    with cluster_server("heals") as cluster:
        verdict, _, _ = experiment(cluster, status=503)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "gateway-answers does not hold" in verdict.reason
    assert len(cluster.pods) == 2


def test_the_witness_writes_what_the_cluster_says(cluster_server, experiment):
    with cluster_server("heals") as cluster:
        proof = experiment(cluster)[2].proof
    assert len(proof.before) == len(proof.after) == 3
    assert proof.before != proof.after


def test_a_broker_that_nobody_can_ask_is_written_down(cluster_server, experiment, tmp_path):
    with cluster_server("heals") as cluster:
        experiment(cluster)
    seen = read_consumers(tmp_path / "kill-task-service")
    assert seen.before is seen.after is None
    assert seen.unknown.startswith("before the fault: ")


def test_a_drain_passes_and_opens_the_node_again(cluster_server, experiment):
    with cluster_server("heals") as cluster:
        verdict, _, _ = experiment(cluster, "drain-task-service", seconds=1.0)
    assert verdict.outcome is Outcome.PASS, verdict.reason
    assert cluster.was_closed
    assert not cluster.closed


def test_a_drain_that_evicts_nothing_is_vacuous_and_opens_the_node_again(
    cluster_server, experiment
):
    with cluster_server("ignores deletions") as cluster:
        verdict, _, _ = experiment(cluster, "drain-task-service", seconds=1.0)
    assert verdict.outcome is Outcome.VACUOUS
    assert "evicted pods are gone" in verdict.reason
    assert not cluster.closed


def test_what_was_injected_is_written_down_and_undone(cluster_server, experiment, tmp_path):
    with cluster_server("heals") as cluster:
        experiment(cluster, "drain-task-service", seconds=1.0)
    written = json.loads((tmp_path / "drain-task-service/injected.json").read_text())
    assert written["facts"]["node"] == "node"
    assert written["undone"] is True
