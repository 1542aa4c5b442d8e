"""The stop switch: end gate runs that are under way, with their faults undone."""

import os
import signal
from pathlib import Path

from ballast.errors import BallastError
from ballast.gate.eventually import eventually
from ballast.gate.run_folder import RunFolder, clean_interrupted, runs_dir, started
from ballast.kubeapi.shape import mapping

PATIENCE_SECONDS = 60.0
KILLED_SECONDS = 10.0


def stop_runs(root: Path | None = None, patience: float = PATIENCE_SECONDS) -> list[str]:
    """End every run that is under way and undo its faults; names of the runs that ended.

    A run is asked to end itself; one that has not after `patience` seconds is killed.
    """
    stopped: list[str] = []
    for path in sorted((root or runs_dir()).glob("*/state.json")):
        run = RunFolder(path.parent)
        state = run.read("state.json")
        process = mapping(state.get("run"))
        if state.get("state") == "running" and process and _lives(process):
            _end(process, patience)
            stopped.append(run.name)
    return sorted({*stopped, *clean_interrupted(root)})


def _end(process: dict[str, int | str], patience: float) -> None:
    pid = int(process["pid"])
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, KILLED_SECONDS)):
        if _lives(process):
            os.kill(pid, number)
        if eventually(lambda: not _lives(process), seconds, 0.1):
            return
    raise BallastError(f"gate run of process {pid} does not end", f"kill -9 {pid}")


def _lives(process: dict[str, int | str]) -> bool:
    return started(int(process["pid"])) == process["started"]
