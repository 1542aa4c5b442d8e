"""The stop switch ends a run that is under way, even one that does not listen."""

import subprocess
import sys

import pytest

from ballast.gate.eventually import eventually
from ballast.gate.run_folder import RunFolder
from ballast.gate.stop import stop_runs
from ballast.paths import repository_root

RUN = """
import signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from ballast.gate.run_folder import RunFolder
with RunFolder(Path(sys.argv[1])).alive():
    if sys.argv[3] == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(sys.argv[1], "listens").touch()
    time.sleep(600)
"""


@pytest.fixture
def run(tmp_path):
    started: list[subprocess.Popen] = []

    def start(kind: str) -> tuple[RunFolder, subprocess.Popen]:
        folder = RunFolder.create(tmp_path)
        command = [sys.executable, "-c", RUN, str(folder.path)]
        platform = str(repository_root() / "platform")
        started.append(subprocess.Popen([*command, platform, kind]))
        assert eventually((folder.path / "listens").exists, 60, 0.05)
        return folder, started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_run_under_way_is_ended(run, tmp_path):
    folder, process = run("willing")
    assert stop_runs(tmp_path) == [folder.name]
    assert process.wait(60) != 0
    assert folder.read("state.json")["state"] == "interrupted"


def test_a_run_that_does_not_listen_is_killed_and_cleaned(run, tmp_path):
    folder, process = run("deaf")
    assert stop_runs(tmp_path, patience=0.5) == [folder.name]
    assert process.wait(60) == -9
    assert folder.read("state.json")["state"] == "interrupted"


def test_nothing_under_way_is_nothing_to_stop(tmp_path):
    folder = RunFolder.create(tmp_path)
    with folder.alive():
        pass
    assert stop_runs(tmp_path) == []
    assert folder.read("state.json")["state"] == "finished"
