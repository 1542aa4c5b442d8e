"""Experiments that lie: the real chaostoolkit, its journal, the witness and the samples.

What the cluster does is played anew; what is only written down otherwise is a copy of one good run.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from experiment_play import HYPOTHESIS, around_now, evidence_of, order_of, write_samples
from lie import Family, Lie, Scene
from lie_catalogue import lies

from ballast.gate import chaos
from ballast.gate.chaos import journal_file, start_experiment
from ballast.gate.chaos_verdict import judge_chaos
from ballast.gate.order import Order
from ballast.gate.samples import read_samples
from ballast.gate.verdict import Verdict
from ballast.paths import repository_root

NAME = "kill-task-service"
# What the API server does when a pod is to be deleted.
IN_CLUSTER = {
    "does-nothing": "ignores deletions",
    "action-failed-run-completed": "forbids deletions",
    "wrong-target": "shows a neighbour",
    "beyond-its-radius": "restarts a neighbour",
    "never-heals": "never replaces",
}


def experiment(cluster, folder: Path, *, status: int = 200) -> Order:
    """The experiment after it ran."""
    order = order_of(cluster, folder, NAME)
    write_samples(order.samples, around_now(status))
    start_experiment(order, HYPOTHESIS).wait(120)
    return order


def judged(order: Order) -> list[Verdict]:
    return [judge_chaos(f"chaos/{NAME}", evidence_of(order))]


@pytest.fixture(scope="module")
def good(tmp_path_factory, cluster_server) -> Order:
    """One experiment in which everything happens as stated."""
    with cluster_server("heals") as cluster:
        return experiment(cluster, tmp_path_factory.mktemp("good"))


def rewritten(path: Path, change: Callable[[Any], None]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def fault_of(order: Order) -> dict[str, float]:
    steps = json.loads(journal_file(order).read_text())["run"]
    return next(step["output"] for step in steps if step["activity"]["type"] == "action")


def resampled(order: Order, change: Callable) -> None:
    samples = [change(sample) for sample in read_samples(order.samples)]
    write_samples(order.samples, [sample for sample in samples if sample])


def recovers_too_late(order: Order) -> None:
    at = fault_of(order)["at"]

    def failing(sample):  # one request in twenty, for longer than is stated
        fails = at <= sample.intended < at + 12 and not sample.sequence % 20
        return replace(sample, status=503) if fails else sample

    resampled(order, failing)


def not_undone(order: Order) -> None:
    def fail(journal: Any) -> None:
        journal["rollbacks"][0] |= {"status": "failed", "exception": ["it is still there"]}

    rewritten(journal_file(order), fail)


def no_witness(order: Order) -> None:
    rewritten(order.proof_file, lambda proof: proof.update(after_at=0.0, after=[]))


def load_ends_too_early(order: Order) -> None:
    end = fault_of(order)["until"] + 2.0
    resampled(order, lambda sample: sample if sample.intended < end else None)


def fault_at_another_time(order: Order) -> None:
    def earlier(journal: Any) -> None:
        for step in journal["run"]:
            if step["activity"]["type"] == "action":
                step["output"] |= {name: step["output"][name] - 20.0 for name in ("at", "until")}

    rewritten(journal_file(order), earlier)


def clocks_apart(order: Order) -> None:
    def ahead(sample):
        times = {name: getattr(sample, name) + 3600 for name in ("intended", "started", "ended")}
        return replace(sample, **times)

    resampled(order, ahead)


IN_FILES: dict[str, Callable[[Order], None]] = {
    "recovers-too-late": recovers_too_late,
    "not-undone": not_undone,
    "no-witness": no_witness,
    "load-ends-too-early": load_ends_too_early,
    "fault-at-another-time": fault_at_another_time,
    "clocks-apart": clocks_apart,
}


def copied(order: Order, folder: Path) -> Order:
    shutil.copytree(order.folder.parent, folder, dirs_exist_ok=True)
    moved = {"folder": folder / order.folder.name, "samples": folder / order.samples.name}
    return order.model_copy(update=moved)


def told_of(names: dict[str, Any]) -> list[Lie]:
    return [lie for lie in lies(Scene.EXPERIMENT) if lie.name in names]


def test_every_lie_is_played():
    played = {*IN_CLUSTER, *IN_FILES, "probe-always-passes"}
    assert {lie.name for lie in lies(Scene.EXPERIMENT)} == played


@pytest.mark.parametrize("lie", told_of(IN_CLUSTER), ids=str)
def test_a_fault_that_is_not_what_it_says_is_refused(lie, told, answer, cluster_server, tmp_path):
    with cluster_server(IN_CLUSTER[lie.name]) as cluster:
        order = experiment(cluster, tmp_path)
    assert json.loads(journal_file(order).read_text())["status"] == "completed"  # in all cases
    told(lie, answer(lambda: judged(order)))


@pytest.mark.parametrize("lie", told_of(IN_FILES), ids=str)
def test_what_is_written_down_of_a_fault_is_not_believed(lie, told, answer, good, tmp_path):
    order = copied(good, tmp_path / "copy")
    IN_FILES[lie.name](order)
    told(lie, answer(lambda: judged(order)))


def test_a_probe_that_always_passes_helps_no_system_that_fails(
    told, answer, cluster_server, tmp_path, monkeypatch
):
    (lie,) = told_of({"probe-always-passes": None})
    template = yaml.safe_load((repository_root() / chaos.TEMPLATE).read_text())
    template["steady-state-hypothesis"]["probes"][0]["provider"]["arguments"]["share"] = 0
    (tmp_path / "experiment.yaml").write_text(yaml.safe_dump(template))
    monkeypatch.setattr(chaos, "TEMPLATE", str(tmp_path / "experiment.yaml"))
    with cluster_server("heals") as cluster:
        order = experiment(cluster, tmp_path, status=503)
    told(lie, answer(lambda: judged(order)))


def test_a_fault_that_is_what_it_says_passes(honest, answer, good):
    honest(Family.EXPERIMENT, "experiment", answer(lambda: judged(good)))


def test_the_copy_of_a_good_run_passes(honest, answer, good, tmp_path):
    order = copied(good, tmp_path / "copy")
    resampled(order, lambda sample: sample)
    honest(Family.EXPERIMENT, "experiment-copied", answer(lambda: judged(order)))
