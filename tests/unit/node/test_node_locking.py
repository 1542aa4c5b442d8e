import os
import subprocess
import sys
from pathlib import Path

import pytest

from ballast.node.errors import NodeError
from ballast.node.locking import exclusive
from ballast.paths import repository_root

HOLDER = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from ballast.node.locking import exclusive
with exclusive(Path(sys.argv[1]), print):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path):
    command = [sys.executable, "-c", HOLDER, tmp_path / "lock", repository_root() / "platform"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_command_names_the_one_it_waits_for(tmp_path, holder):
    with (
        pytest.raises(NodeError, match=str(holder.pid)),
        exclusive(tmp_path / "lock", print, seconds=0),
    ):
        raise AssertionError("entered a held lock")


def test_a_killed_holder_leaves_no_lock_behind(tmp_path, holder):
    holder.kill()
    holder.wait()
    with exclusive(tmp_path / "lock", print, seconds=0):
        assert Path(tmp_path / "lock").read_text() == str(os.getpid())


def test_a_waiting_command_goes_on_when_the_holder_ends(tmp_path, holder):
    said: list[str] = []

    def release(text: str) -> None:
        said.append(text)
        holder.stdin.write("go\n")
        holder.stdin.flush()

    with exclusive(tmp_path / "lock", release):
        assert len(said) == 1


def test_a_child_with_the_descriptor_holds_the_lock_until_it_ends(tmp_path):
    with exclusive(tmp_path / "lock", print) as lock:
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[lock])
    with pytest.raises(NodeError), exclusive(tmp_path / "lock", print, seconds=0):
        raise AssertionError("entered a held lock")

    child.communicate()

    with exclusive(tmp_path / "lock", print, seconds=0):
        assert child.returncode == 0
