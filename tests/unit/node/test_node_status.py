import json
import os
import time
from pathlib import Path

import pytest

from ballast.node import status
from ballast.node.layout import Layout
from ballast.node.liveness import Identity, boot_id, start_ticks
from ballast.node.status import read_status


def component(name: str, state: str, exits: list[dict[str, object]] | None = None):
    return {
        "name": name,
        "state": state,
        "pid": 7,
        "restarts": len(exits or []),
        "started_at": 1.0,
        "next_start": 0.0,
        "exits": exits or [],
    }


def running(tmp_path, *components) -> Layout:
    layout = Layout(tmp_path)
    mine = os.getpid()
    Identity(mine, start_ticks(mine), boot_id(), time.time(), "x").save(layout.identity)
    report = {
        "started_at": 1.0,
        "updated_at": 2.0,
        "stopping": False,
        "components": list(components),
    }
    layout.status.write_text(json.dumps(report))
    return layout


def test_a_node_that_never_ran_is_stopped(tmp_path):
    assert read_status(Layout(tmp_path)).state == "stopped"


def test_a_node_whose_supervisor_is_gone_is_dead_and_says_what_to_do(tmp_path):
    layout = Layout(tmp_path)
    Identity(os.getpid(), 1, boot_id(), time.time(), "x").save(layout.identity)
    found = read_status(layout)
    assert found.state == "dead"
    assert "ballast node up" in found.reason


def test_all_components_running_is_running(tmp_path):
    assert read_status(running(tmp_path, component("etcd", "running"))).state == "running"


def test_a_component_that_waits_is_starting(tmp_path):
    layout = running(tmp_path, component("etcd", "running"), component("kubelet", "waiting"))
    found = read_status(layout)
    assert (found.state, found.reason) == ("starting", "waiting to start: kubelet")


def test_a_component_that_keeps_ending_is_degraded_with_its_reason(tmp_path):
    ended = {"at": 1.0, "reason": "exit 2", "ran": 0.1, "log": ["boom"]}
    found = read_status(running(tmp_path, component("etcd", "backoff", [ended])))
    assert (found.state, found.reason) == ("degraded", "etcd ended: exit 2")


def test_the_status_is_json_for_machines(tmp_path):
    found = read_status(running(tmp_path, component("etcd", "running")))
    assert json.loads(found.model_dump_json())["components"][0]["name"] == "etcd"


@pytest.mark.parametrize("end", [FileNotFoundError, ProcessLookupError])
def test_a_process_that_ends_while_it_is_looked_at_is_not_there(
    monkeypatch: pytest.MonkeyPatch, end: type[OSError]
) -> None:
    """Before its file is opened the kernel says ENOENT, after that ESRCH."""
    gone = 4_000_000

    def read(path: Path) -> str:
        if str(gone) in path.parts:
            raise end
        return "Name:\tpause\nNSpid:\t77\t5\n"

    monkeypatch.setattr(status.cgroups, "processes", lambda *_: [gone, 77])
    monkeypatch.setattr(Path, "read_text", read)
    assert status._host_pids("ballast") == {5: 77}
