"""The catalogue of experiments: entries fit their fault and make valid chaostoolkit files."""

import json
import subprocess
import sys

import pytest
import yaml
from pydantic import ValidationError

from ballast.errors import BallastError
from ballast.gate.catalogue import CATALOGUE, Entry, find_experiment, load_catalogue
from ballast.gate.chaos import rendered
from ballast.gate.faults import FAULTS
from ballast.gate.targets import BACKING, target_of
from ballast.names import SERVICES
from ballast.paths import repository_root

ENTRIES = load_catalogue()


def test_every_kind_of_fault_is_used():
    assert {entry.fault for entry in ENTRIES.values()} == set(FAULTS)


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_loses_a_pod_and_a_sidecar(service):
    entries = ENTRIES.values()
    assert any(e.fault == "kill-pod" and e.target == service for e in entries)
    assert any(e.container == "daprd" and e.target == service for e in entries)


@pytest.mark.parametrize("store", BACKING)
def test_everything_that_services_stand_on_dies_and_is_away_for_a_while(store):
    kinds = {entry.fault for entry in ENTRIES.values() if entry.target == store}
    assert {"kill-pod", "down"} <= kinds


@pytest.mark.parametrize(
    "entry",
    [
        {"fault": "kill-pod", "target": "nowhere"},
        {"fault": "kill-pod", "target": "redis", "seconds": 5},
        {"fault": "freeze", "target": "task-service", "seconds": 5},
        {"fault": "freeze", "target": "task-service", "container": "daprd", "seconds": 300},
        {"fault": "loss", "target": "task-service", "peer": "redis", "share": 1.5, "seconds": 5},
        {"fault": "kill-pod", "target": "redis", "colour": "red"},
    ],
)
def test_an_entry_that_does_not_fit_its_fault_is_refused(entry):
    with pytest.raises(ValidationError):
        Entry.model_validate(entry)


def test_a_wrong_catalogue_is_a_sentence(tmp_path):
    (tmp_path / "chaos").mkdir()
    (tmp_path / CATALOGUE).write_text("kill-all: {fault: kill-all, target: redis}")
    with pytest.raises(BallastError, match="kill-all"):
        load_catalogue(tmp_path)


def test_an_unknown_experiment_names_the_known_ones():
    with pytest.raises(BallastError) as wrong:
        find_experiment("kill-everything")
    assert "kill-task-service" in wrong.value.fix


def test_an_unknown_target_names_the_known_ones():
    with pytest.raises(BallastError) as wrong:
        target_of("nowhere", "todo-app-dev")
    assert "postgres" in wrong.value.fix


def test_an_experiment_between_services_touches_both():
    entry = find_experiment("partition-api-gateway-task-service")
    assert entry.touches == {"api-gateway", "task-service"}


def test_an_experiment_on_a_store_touches_every_service():
    assert find_experiment("postgres-down").touches == set(SERVICES)


def test_the_template_and_every_rendered_experiment_are_valid(tmp_path):
    # One process validates them all: chaostoolkit takes seconds to start.
    for name, entry in ENTRIES.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(rendered(name, entry)))
    template = yaml.safe_load((repository_root() / "chaos/experiment.yaml").read_text())
    (tmp_path / "template.json").write_text(json.dumps(template))
    code = (
        "import json, sys, pathlib\n"
        "from chaoslib.experiment import ensure_experiment_is_valid\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).glob('*.json')):\n"
        "    ensure_experiment_is_valid(json.loads(path.read_text()))\n"
        "    print('valid', path.stem)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={"PYTHONPATH": str(repository_root() / "platform"), "BALLAST_ORDER": "x",
             "BALLAST_RECOVER_WITHIN": "1"},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("valid ") == len(ENTRIES) + 1
