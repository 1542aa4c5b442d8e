import socket

import pytest

from ballast import doctor
from ballast.node import host_checks
from ballast.node.host_checks import Finding


def test_this_machine_can_be_checked():
    names = {each.name for each in host_checks.run_checks()}
    assert {"linux", "python", "git", "root", "memory", "disk", "ports"} <= names


def test_too_little_memory_says_how_much_there_is(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal:        2097152 kB\nMemFree: 1 kB\n")
    found = host_checks.memory(tmp_path / "meminfo")
    assert not found.passed
    assert found.found == "2.0 GiB"


def test_no_control_groups_is_a_finding():
    found = host_checks.control_groups(list)
    assert (found.passed, found.found) == (False, "none mounted")


def test_a_taken_port_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("BALLAST_HOME", str(tmp_path))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setattr(host_checks, "platform_ports", lambda: [port])
        found = host_checks.ports()
    assert not found.passed
    assert str(port) in found.found


def test_every_failure_names_a_fix_and_another_stack(monkeypatch):
    monkeypatch.setattr(host_checks.shutil, "which", lambda _: None)
    found = host_checks.git()
    assert "apt-get install git" in found.fix
    assert "minikube" in found.fix


def test_a_machine_that_lacks_something_is_refused_with_every_reason(monkeypatch):
    failing = [Finding("git", False, "not on PATH", "install git"), Finding("root", True, "uid 0")]
    monkeypatch.setattr(doctor, "run_checks", lambda: failing)
    with pytest.raises(doctor.DoctorError, match="git: not on PATH") as caught:
        doctor.require()
    assert caught.value.fix == "install git"
