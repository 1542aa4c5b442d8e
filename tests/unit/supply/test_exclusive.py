"""Two runs on one cache take turns, and a killed one leaves no lock behind."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ballast.supply.exclusive import LockWaitCancelledError, exclusive

HOLD = """
import sys
from pathlib import Path
from ballast.supply.exclusive import exclusive
with exclusive(Path(sys.argv[1]), print):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def ignore(_: str) -> None:
    """Nothing waits here."""


def test_a_second_run_says_whom_it_waits_for_and_then_goes_on(tmp_path: Path) -> None:
    first = holder(tmp_path / "lock")
    heard: list[str] = []

    def waiting(text: str) -> None:
        heard.append(text)
        first.communicate()

    with exclusive(tmp_path / "lock", waiting):
        assert first.returncode == 0
    assert heard == [f"waiting for another run (started by process {first.pid}) to finish"]


def test_a_killed_run_leaves_no_lock(tmp_path: Path) -> None:
    first = holder(tmp_path / "lock")
    first.kill()
    first.communicate()
    with exclusive(tmp_path / "lock", pytest.fail):
        assert (tmp_path / "lock").exists()


def test_waiting_can_be_given_up(tmp_path: Path) -> None:
    first = holder(tmp_path / "lock")
    stop = threading.Event()
    stop.set()
    with pytest.raises(LockWaitCancelledError), exclusive(tmp_path / "lock", ignore, stop):
        pytest.fail("the lock was not free")
    first.communicate()


def test_a_child_that_inherits_the_descriptor_keeps_the_lock(tmp_path: Path) -> None:
    with exclusive(tmp_path / "lock", ignore) as descriptor:
        child = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.read()"],
            stdin=subprocess.PIPE,
            pass_fds=(descriptor,),
        )
    heard: list[str] = []

    def waiting(text: str) -> None:
        heard.append(text)
        child.communicate()

    with exclusive(tmp_path / "lock", waiting):
        assert len(heard) == 1
