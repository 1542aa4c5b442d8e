"""Run folders: children end with their run, an interrupted run is cleaned by the next."""

import subprocess
import sys

import pytest

from ballast.errors import BallastError
from ballast.gate.run_folder import RunFolder, clean_interrupted, find_run


def child() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    return subprocess.Popen(command, start_new_session=True)


def test_a_failing_run_leaves_no_child_and_no_token(tmp_path):
    run = RunFolder.create(tmp_path)
    process = child()
    with pytest.raises(KeyboardInterrupt), run.alive():
        run.adopt(process)
        run.write("tokens.json", ["secret"])
        raise KeyboardInterrupt
    assert process.wait(60) < 0
    assert not (run.path / "tokens.json").exists()
    assert run.read("state.json")["state"] == "interrupted"


def test_a_killed_run_is_cleaned_by_the_next(tmp_path):
    run = RunFolder.create(tmp_path)
    process = child()
    run.write("state.json", {"state": "running", "children": []})
    run.adopt(process)
    assert clean_interrupted(tmp_path) == [run.name]
    assert process.wait(60) < 0


def test_a_living_run_is_left_alone(tmp_path):
    run = RunFolder.create(tmp_path)
    with run.alive():
        assert clean_interrupted(tmp_path) == []
    assert run.read("state.json")["state"] == "finished"


def test_a_stranger_with_the_number_of_a_child_is_left_alone(tmp_path):
    run = RunFolder.create(tmp_path)
    process = child()
    stranger = {"pid": process.pid, "started": "1"}
    run.write("state.json", {"state": "running", "children": [stranger]})
    clean_interrupted(tmp_path)
    assert process.poll() is None
    process.kill()
    process.wait()


def test_the_newest_run_is_found_by_default(tmp_path):
    for name in ("20260101-000000-aaaa", "20260102-000000-aaaa"):
        (tmp_path / name).mkdir()
        RunFolder(tmp_path / name).write("state.json", {"state": "finished"})
    assert find_run(root=tmp_path).name == "20260102-000000-aaaa"


def test_no_run_is_a_sentence(tmp_path):
    with pytest.raises(BallastError, match="no gate run"):
        find_run(root=tmp_path)


def test_moments_are_kept_with_their_times(tmp_path):
    run = RunFolder.create(tmp_path)
    assert run.note("load_began", 12.5) == 12.5
    started = run.note("started")
    assert run.read("moments.json") == {"load_began": 12.5, "started": started}


@pytest.mark.parametrize(
    ("stopped", "why"),
    [
        (KeyboardInterrupt(), "it was stopped"),
        (BallastError("no token", "Log in."), "no token"),
        (ZeroDivisionError(), "ZeroDivisionError"),
    ],
)
def test_an_interrupted_run_keeps_why_and_when_it_ended(tmp_path, stopped, why):
    run = RunFolder.create(tmp_path)
    with pytest.raises(type(stopped)), run.alive():
        raise stopped
    assert run.read("state.json")["why"] == why
    assert run.read("moments.json")["ended"] > 0


def test_a_killed_run_says_that_it_was_killed(tmp_path):
    run = RunFolder.create(tmp_path)
    run.write("state.json", {"state": "running", "children": []})
    clean_interrupted(tmp_path)
    assert run.read("state.json")["why"] == "its process was killed"
