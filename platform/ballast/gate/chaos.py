"""One chaostoolkit experiment as a child process, under load that is already running."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ballast.gate.chaos_verdict import Hypothesis
from ballast.gate.controls import FaultProof, read_proof
from ballast.kubeapi.shape import mapping
from ballast.paths import repository_root


@dataclass(frozen=True)
class Experiment:
    """What one experiment needs; its journal and proof are left in `folder`."""

    path: str
    folder: Path
    kubeconfig: Path
    namespace: str
    samples: Path
    seed: int
    hypothesis: Hypothesis

    @property
    def journal_file(self) -> Path:
        """The journal of chaostoolkit."""
        return self.folder / "journal.json"

    @property
    def proof_file(self) -> Path:
        """What the witness saw."""
        return self.folder / "fault-proof.json"


def start_experiment(experiment: Experiment) -> subprocess.Popen[bytes]:
    """Start the experiment in its own process group."""
    folder = experiment.folder
    command = [
        sys.executable, "-m", "chaostoolkit",
        "--no-version-check", "--log-file", str(folder / "chaostoolkit.log"),
        "--settings", str(folder / "chaostoolkit-settings.yaml"),
        "run", "--journal-path", str(experiment.journal_file), "--rollback-strategy", "always",
        str(repository_root() / experiment.path),
    ]  # fmt: skip
    environment = os.environ | {
        "PYTHONPATH": str(repository_root() / "platform"),
        "BALLAST_KUBECONFIG": str(experiment.kubeconfig),
        "BALLAST_NAMESPACE": experiment.namespace,
        "BALLAST_SAMPLES": str(experiment.samples),
        "BALLAST_SEED": str(experiment.seed),
        "BALLAST_FAULT_PROOF": str(experiment.proof_file),
        "BALLAST_RECOVER_WITHIN": str(experiment.hypothesis.recovered_within),
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


def read_journal(path: Path) -> dict[str, Any]:
    """The journal, or an empty one: no journal means that nothing is known to have happened."""
    try:
        return mapping(json.loads(path.read_text()))
    except (OSError, ValueError):
        return {}


def proof_of(experiment: Experiment) -> FaultProof | None:
    """What the witness saw, None when it left nothing."""
    return read_proof(experiment.proof_file) if experiment.proof_file.exists() else None
