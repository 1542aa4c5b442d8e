"""The real chaostoolkit against an API server: its journal is judged, its exit code is not."""

import json
import time
from dataclasses import astuple

import pytest

from ballast.gate.chaos import Experiment, proof_of, read_journal, start_experiment
from ballast.gate.chaos_verdict import Evidence, Hypothesis, judge_chaos
from ballast.gate.samples import COLUMNS, Sample, read_samples
from ballast.gate.verdict import Outcome

HYPOTHESIS = Hypothesis(availability=0.9, recovered_within=5.0, window_seconds=60.0)


@pytest.fixture
def experiment(tmp_path):
    """Run chaos/kill-task-service.yaml on a cluster, under samples of a system that answers."""

    def run(cluster, *, status: int = 200):
        samples = tmp_path / "samples.csv"
        with samples.open("w") as out:
            out.write(",".join(COLUMNS) + "\n")
            for n in range(3000):  # five minutes around now, ten a second
                at = time.time() - 60 + n / 10
                sample = Sample(n, "list", 0, at, at, at + 0.01, status, "", "", "")
                out.write(",".join(str(value) for value in astuple(sample)) + "\n")
        chosen = Experiment(
            path="chaos/kill-task-service.yaml",
            folder=tmp_path,
            kubeconfig=cluster.kubeconfig(tmp_path),
            namespace="todo-app-dev",
            samples=samples,
            seed=7,
            hypothesis=HYPOTHESIS,
        )
        exit_code = start_experiment(chosen).wait(120)
        evidence = Evidence(
            read_journal(chosen.journal_file), proof_of(chosen), read_samples(samples), HYPOTHESIS
        )
        return judge_chaos("chaos/kill-task-service", evidence), exit_code, evidence

    return run


def test_a_kill_that_happens_and_heals_passes(cluster_server, experiment):
    with cluster_server("heals") as cluster:
        verdict, _, evidence = experiment(cluster)
    assert verdict.outcome is Outcome.PASS, verdict.reason
    assert evidence.victim["name"] not in cluster.pods


def test_the_seed_chooses_the_same_victim_again(cluster_server, experiment):
    killed = set()
    for _ in range(2):
        with cluster_server("heals") as cluster:
            killed.add(experiment(cluster)[2].victim["name"])
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
    assert "nothing replaced pod" in verdict.reason


def test_a_system_that_fails_beforehand_is_inconclusive(cluster_server, experiment):
    with cluster_server("heals") as cluster:
        verdict, _, _ = experiment(cluster, status=503)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "gateway-answers does not hold" in verdict.reason
    assert len(cluster.pods) == 2


def test_the_witness_writes_what_the_cluster_says(cluster_server, experiment, tmp_path):
    with cluster_server("heals") as cluster:
        experiment(cluster)
    proof = json.loads((tmp_path / "fault-proof.json").read_text())
    assert len(proof["before"]) == len(proof["after"]) == 2
    assert proof["before"] != proof["after"]
