import os
import signal
import subprocess
import time
from dataclasses import replace

from ballast.node.liveness import (
    Identity,
    boot_id,
    load_identity,
    signal_and_wait,
    start_ticks,
)


def identity_of(pid: int) -> Identity:
    return Identity(pid, start_ticks(pid), boot_id(), time.time(), "digest")


def test_a_running_process_is_alive():
    assert identity_of(os.getpid()).alive()


def test_another_process_with_the_same_pid_is_not_it():
    mine = identity_of(os.getpid())
    assert not replace(mine, ticks=mine.ticks - 1).alive()


def test_a_process_of_an_earlier_boot_is_not_alive():
    assert not replace(identity_of(os.getpid()), boot="earlier").alive()


def test_a_zombie_is_not_alive():
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert start_ticks(child.pid) == -1
    child.wait()


def test_an_identity_survives_its_file(tmp_path):
    mine = identity_of(os.getpid())
    mine.save(tmp_path / "identity.json")
    assert load_identity(tmp_path / "identity.json") == mine


def test_a_torn_identity_file_counts_as_none(tmp_path):
    (tmp_path / "identity.json").write_text('{"pid": 1, "ti')
    assert load_identity(tmp_path / "identity.json") is None


def test_signal_and_wait_sees_the_end():
    child = subprocess.Popen(["sleep", "60"])
    assert signal_and_wait(identity_of(child.pid), signal.SIGTERM, 60)
    assert child.wait() == -signal.SIGTERM


def test_signal_and_wait_never_signals_another_process():
    child = subprocess.Popen(["sleep", "60"])
    other = replace(identity_of(child.pid), ticks=1)
    assert signal_and_wait(other, signal.SIGKILL, 0)
    assert child.poll() is None
    child.kill()
    child.wait()
