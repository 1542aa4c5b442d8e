"""Going on after a run that was killed."""

import json
import os
import socket
from pathlib import Path

import pytest

from ballast.engine.outcome import EngineError
from ballast.engine.recovery import clear_stale_locks, has_pending, without_pending

DEAD = 2**22 + 1  # above the kernel's largest process number


def lock(backend: Path, pid: int, host: str | None = None) -> Path:
    folder = backend / ".pulumi" / "locks" / "organization" / "ballast" / "embedded"
    folder.mkdir(parents=True)
    path = folder / "one.json"
    path.write_text(json.dumps({"pid": pid, "hostname": host or socket.gethostname()}))
    return path


def test_the_lock_of_a_dead_run_is_removed(tmp_path: Path) -> None:
    path = lock(tmp_path, DEAD)
    assert clear_stale_locks(tmp_path, "ballast", "embedded") == 1
    assert not path.exists()


def test_a_process_number_that_now_belongs_to_another_program_is_no_holder(tmp_path: Path) -> None:
    lock(tmp_path, os.getpid())
    assert clear_stale_locks(tmp_path, "ballast", "embedded") == 1


def test_a_lock_of_another_machine_is_respected(tmp_path: Path) -> None:
    lock(tmp_path, DEAD, host="elsewhere")
    with pytest.raises(EngineError, match="another run"):
        clear_stale_locks(tmp_path, "ballast", "embedded")


def test_no_lock_no_work(tmp_path: Path) -> None:
    assert clear_stale_locks(tmp_path, "ballast", "embedded") == 0


def test_unfinished_operations_are_dropped() -> None:
    exported = {"version": 3, "deployment": {"resources": [1], "pending_operations": [{}]}}
    assert without_pending(exported) == {"version": 3, "deployment": {"resources": [1]}}


def test_a_state_without_unfinished_operations_is_left_alone() -> None:
    assert without_pending({"deployment": {"resources": []}}) is None


def test_a_state_file_tells_whether_operations_are_unfinished(tmp_path: Path) -> None:
    stacks = tmp_path / ".pulumi" / "stacks" / "ballast"
    stacks.mkdir(parents=True)
    (stacks / "a.json").write_text('{"checkpoint": {"latest": {"pending_operations": [{}]}}}')
    (stacks / "b.json").write_text('{"checkpoint": {"latest": {"resources": []}}}')
    assert has_pending(tmp_path, "ballast", "a")
    assert not has_pending(tmp_path, "ballast", "b")
    assert not has_pending(tmp_path, "ballast", "never-made")
