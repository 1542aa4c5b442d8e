"""Kills, crashes and restarts."""

import json
import os
import signal
import subprocess
import sys

import pytest

from ballast.node import lifecycle
from ballast.node.components import BINARIES
from ballast.node.layout import Layout

pytestmark = pytest.mark.e2e

COMPONENTS = [*BINARIES, "containerd", "forwarder"]


def component(name: str):
    return next(each for each in lifecycle.status().components if each.name == name)


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_killed_component_comes_back_and_its_end_is_kept(running, name):
    before = component(name)
    os.kill(before.host_pid, signal.SIGKILL)
    running.until(lambda: component(name).restarts == before.restarts + 1)
    running.until(lambda: component(name).state == "running")
    after = component(name)
    assert after.pid != before.pid
    assert after.exits[-1].reason == "signal SIGKILL"
    running.until(lambda: lifecycle.status().ready)


def test_all_components_killed_at_once_come_back(running):
    for each in lifecycle.status().components:
        os.kill(each.host_pid, signal.SIGKILL)
    running.until(lambda: (found := lifecycle.status()).state == "running" and found.ready)


def test_a_killed_supervisor_takes_the_node_with_it_and_up_starts_it_again(running):
    supervisor = lifecycle.status().supervisor_pid
    os.kill(supervisor, signal.SIGKILL)
    running.until(lambda: lifecycle.status().state == "dead")
    assert "without an orderly stop" in lifecycle.status().reason
    found = running.up()
    assert (found.state, found.ready) == ("running", True)
    assert found.supervisor_pid != supervisor


def test_up_beside_a_start_that_was_killed_half_way_makes_a_healthy_node(node):
    lifecycle.down()
    home = os.environ["BALLAST_HOME"]
    script = (
        "from pathlib import Path; from ballast.node import lifecycle; import json, sys; "
        "binaries = {name: Path(path) for name, path in json.loads(sys.argv[1]).items()}; "
        "lifecycle.up(binaries, Path(sys.argv[2]), api_port=int(sys.argv[3]))"
    )
    paths = json.dumps({name: str(path) for name, path in node.binaries.items()})
    command = [sys.executable, "-c", script, paths, str(node.host_root), str(node.port)]
    first = subprocess.Popen(command, env={**os.environ, "BALLAST_HOME": home})
    node.until(Layout.default().boot.exists)
    first.kill()
    first.wait()
    found = node.up()
    assert (found.state, found.ready) == ("running", True)


def test_a_second_up_adopts_the_running_node(running):
    first = lifecycle.status()
    assert running.up().supervisor_pid == first.supervisor_pid


def test_data_survives_down_and_up(running):
    note = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kept", "namespace": "default"},
        "data": {"a": "b"},
    }
    running.api.apply(note, "test")
    lifecycle.down()
    assert lifecycle.status().state == "stopped"
    running.up()
    found = running.api.get("v1", "ConfigMap", "kept", "default")
    assert found is not None
    assert found["data"] == {"a": "b"}


def test_purge_removes_data_and_keys(running):
    lifecycle.down(purge=True)
    left = {path.name for path in running.layout.root.iterdir()}
    assert left <= {"lock"}
