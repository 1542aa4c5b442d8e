"""The node leaves the machine as it found it, and reaches nothing beyond itself."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

from ballast.node import cgroups, lifecycle
from ballast.node.liveness import start_ticks

pytestmark = pytest.mark.e2e

_spec = importlib.util.spec_from_file_location("machine", Path(__file__).with_name("machine.py"))
assert _spec is not None
assert _spec.loader is not None
machine = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(machine)


@pytest.fixture
def stopped(node):
    lifecycle.down()
    return node


def test_a_running_node_changes_nothing_of_the_machine(stopped):
    before = machine.snapshot(stopped.host_root)
    stopped.up()
    after = machine.snapshot(stopped.host_root)
    for part, content in before.items():
        assert after[part] == content, part


def test_down_leaves_no_process_mount_namespace_cgroup_or_rule(stopped):
    before = machine.snapshot(stopped.host_root)
    found = stopped.up()
    name = stopped.layout.cgroup
    processes = cgroups.processes(name, cgroups.mounted())
    # -1 is one that ended before it was looked at.
    born = {pid: ticks for pid in processes if (ticks := start_ticks(pid)) >= 0}
    namespaces = machine.namespaces_of(found.supervisor_pid) - machine.namespaces_of(os.getpid())
    assert len(born) >= 10
    assert len(namespaces) == 5
    lifecycle.down()
    assert [pid for pid, ticks in born.items() if start_ticks(pid) == ticks] == []
    assert namespaces & machine.all_namespaces() == set()
    assert machine.cgroups_named(name) == []
    assert machine.snapshot(stopped.host_root) == before


def test_there_is_no_way_out(running):
    done = lifecycle.enter(["ip", "route"])
    assert "default" not in done.stdout
    connect = "import socket; socket.create_connection(('1.1.1.1', 443), 5)"
    refused = lifecycle.enter([sys.executable, "-I", "-S", "-c", connect])
    assert "Network is unreachable" in refused.stderr
