"""Configurations that lie: the repository's own files, edited before or after a run."""

import shutil
from pathlib import Path

import pytest
from lie import Family, Scene
from lie_catalogue import lies

from ballast.paths import repository_root

STEADY, FIGURES = "loadtests/steady.yaml", "loadtests/server/figures.yaml"
CATALOGUE, POLICY = "chaos/catalogue.yaml", "policies/rego/promotion.rego"
AVAILABILITY, LATENCY = "slo/gateway-availability.yaml", "slo/gateway-latency.yaml"
DURING_FAULT = "  duringFault:\n    availability: 0.75\n    recoveredWithinSeconds: 30\n"
# File, text, what replaces it. What was edited before the run, the run was planned with.
BEFORE = {
    "window-without-fault": (STEADY, "faultSeconds: 40", "faultSeconds: 0"),
    "window-too-long": (STEADY, "faultSeconds: 40", "faultSeconds: 45"),
    "no-standard-experiment": (CATALOGUE, ", standard: true", ""),
}
AFTER = {
    "too-few-samples": (STEADY, "seconds: 265", "seconds: 60"),
    "figure-without-bound": (FIGURES, "  atMost: 0.05 # PERF-04\n", ""),
    "endless-bound": (FIGURES, "atMost: 0.05 # PERF-04", "atMost: .inf"),
    "endless-threshold": (LATENCY, "thresholdSeconds: 0.3", "thresholdSeconds: .inf"),
    "fault-may-cost-anything": (AVAILABILITY, DURING_FAULT, ""),
    "objective-weakened-after-the-run": (LATENCY, "thresholdSeconds: 0.3", "thresholdSeconds: 3"),
    "experiments-edited-after-the-run": (CATALOGUE, "share: 0.2", "share: 0.01"),
    "policy-edited-after-the-run": (POLICY, "((24 * 60)", "((240 * 60)"),
    "figures-edited-after-the-run": (FIGURES, "atMost: 0.05 # PERF-04", "atMost: 5"),
}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch) -> Path:
    """A copy of what a plan is derived from, in the place of the repository."""
    root = tmp_path / "repository"
    for folder in ("slo", "loadtests", "chaos", "policies"):
        shutil.copytree(repository_root() / folder, root / folder)
    monkeypatch.setattr("ballast.gate.plan.repository_root", lambda: root)
    return root


def edit(tree: Path, path: str, text: str, instead: str) -> None:
    source = (tree / path).read_text()
    assert text in source, "the lie no longer applies: adapt it to the file"
    (tree / path).write_text(source.replace(text, instead))


def test_every_lie_is_played():
    assert {lie.name for lie in lies(Scene.TREE)} == {*BEFORE, *AFTER}


@pytest.mark.parametrize("lie", [each for each in lies(Scene.TREE) if each.name in BEFORE], ids=str)
def test_what_a_run_was_not_asked_for_is_refused(lie, told, answer, tree, make_record):
    edit(tree, *BEFORE[lie.name])
    told(lie, answer(record=make_record()))


@pytest.mark.parametrize("lie", [each for each in lies(Scene.TREE) if each.name in AFTER], ids=str)
def test_what_a_run_was_not_held_to_is_refused(lie, told, answer, tree, make_record):
    record = make_record()
    edit(tree, *AFTER[lie.name])
    told(lie, answer(record=record))


def test_a_run_by_the_configuration_in_force_passes(honest, answer, tree, make_record):
    honest(Family.CONFIGURATION, "tree", answer(record=make_record()))
