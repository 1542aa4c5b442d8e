"""One chaostoolkit experiment as a child process, under load that is already running."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from ballast.gate.catalogue import TEMPLATE, Entry
from ballast.gate.chaos_verdict import Expectation, Hypothesis
from ballast.gate.controls import FaultProof, read_proof
from ballast.gate.faults import FAULTS
from ballast.gate.order import Order
from ballast.kubeapi.shape import mapping, mappings
from ballast.paths import repository_root


def title_of(entry: Entry) -> str:
    """What the experiment does, in a sentence."""
    return FAULTS[entry.fault].title.format(**entry.model_dump())


def rendered(name: str, entry: Entry, root: Path | None = None) -> dict[str, Any]:
    """The chaostoolkit experiment of a catalogue entry."""
    template = yaml.safe_load(((root or repository_root()) / TEMPLATE).read_text())
    return {**template, "title": f"{title_of(entry)} while users work", "tags": [name, entry.fault]}


def expectation_of(order: Order) -> Expectation:
    """What is known of an experiment before it runs."""
    return Expectation(
        title=title_of(order.entry),
        workload=order.target.workload,
        radius=order.radius,
        doubt=FAULTS[order.entry.fault].doubt,
    )


def start_experiment(order: Order, hypothesis: Hypothesis) -> subprocess.Popen[bytes]:
    """Start the experiment in its own process group; its files are left in the order's folder."""
    folder = order.folder
    folder.mkdir(parents=True, exist_ok=True)
    order.file.write_text(order.model_dump_json(indent=1))
    experiment = folder / "experiment.json"
    experiment.write_text(json.dumps(rendered(order.name, order.entry), indent=1))
    command = [
        sys.executable, "-m", "chaostoolkit",
        "--no-version-check", "--log-file", str(folder / "chaostoolkit.log"),
        "--settings", str(folder / "chaostoolkit-settings.yaml"),
        "run", "--journal-path", str(journal_file(order)), "--rollback-strategy", "always",
        str(experiment),
    ]  # fmt: skip
    environment = os.environ | {
        "PYTHONPATH": str(repository_root() / "platform"),
        "BALLAST_ORDER": str(order.file),
        "BALLAST_RECOVER_WITHIN": str(hypothesis.recovered_within),
    }
    with (folder / "chaos.out").open("wb") as log:
        return subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def journal_file(order: Order) -> Path:
    """The journal of chaostoolkit."""
    return order.folder / "journal.json"


def read_journal(path: Path) -> dict[str, Any]:
    """The journal, or an empty one: no journal means that nothing is known to have happened."""
    try:
        return mapping(json.loads(path.read_text()))
    except (OSError, ValueError):
        return {}


def fault_at(journal: dict[str, Any]) -> float | None:
    """Unix time of the fault; None when none was injected."""
    for step in mappings(journal.get("run")):
        at = mapping(step.get("output")).get("at")
        if isinstance(at, int | float):
            return float(at)
    return None


def proof_of(order: Order) -> FaultProof | None:
    """What the witness saw, None when it left nothing."""
    return read_proof(order.proof_file) if order.proof_file.exists() else None
