import json
import os
import signal
import subprocess
import time

import pytest

from ballast.gate.eventually import eventually
from ballast.node.boot import Boot, Component
from ballast.node.liveness import start_ticks
from ballast.node.python import isolated

# Becomes pid 1 of its own pid namespace with its own /proc, as the launcher does.
HARNESS = """
import os, sys
from ballast.node import kernel
from ballast.node.boot import load_boot
from pathlib import Path
from ballast.node.supervisor import Supervisor

def main(path):
    kernel.unshare(kernel.NEWPID | kernel.NEWNS)
    child = os.fork()
    if child:
        print(child, flush=True)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("proc", "/proc", "proc")
    Supervisor(load_boot(Path(path)), -1).run()
    os._exit(0)
"""


class Running:
    """A supervisor in a namespace and its status file."""

    def __init__(self, folder, *components: Component) -> None:
        self.status_file = folder / "status.json"
        self.folder = folder
        boot = Boot(
            cgroup="",
            hostname="",
            ip="",
            iptables=[],
            tools="",
            environment={"PATH": os.environ["PATH"]},
            keep=[],
            binds={},
            log=str(folder),
            status=str(self.status_file),
            identity="",
            api_port=0,
            configuration="",
            components=list(components),
        )
        (folder / "boot.json").write_text(boot.text())
        (folder / "harness.py").write_text(HARNESS)
        command = isolated("harness", repr(str(folder / "boot.json")))
        command[-1] = f"import sys; sys.path.insert(0, {str(folder)!r}); {command[-1]}"
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.pid = int(self.process.stdout.readline())

    def until(self, holds):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.status_file.exists():
                report = json.loads(self.status_file.read_text())
                found = {each["name"]: each for each in report["components"]}
                if holds(found):
                    return found
            time.sleep(0.02)
        raise AssertionError(f"never held; last status: {self.status_file.read_text()}")

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGTERM)
        self.process.wait(60)


@pytest.fixture
def start(tmp_path):
    started: list[Running] = []

    def build(*components: Component) -> Running:
        started.append(Running(tmp_path, *components))
        return started[-1]

    yield build
    for each in started:
        if each.process.poll() is None:
            os.kill(each.pid, signal.SIGKILL)
            each.process.wait()


def shell(name: str, script: str, **options) -> Component:
    return Component(name, ["/bin/sh", "-c", script], **options)


def test_a_killed_component_is_started_again_with_its_reason_kept(start):
    running = start(shell("a", "echo $$ > $0.pid; exec sleep 1000"))
    first = running.until(lambda found: found["a"]["state"] == "running")
    with subprocess.Popen(["pgrep", "-P", str(running.pid)], stdout=subprocess.PIPE) as found:
        victim = int(found.communicate()[0])
    os.kill(victim, signal.SIGKILL)
    again = running.until(lambda found: found["a"]["restarts"] == 1 and found["a"]["pid"])
    assert again["a"]["exits"][0]["reason"] == "signal SIGKILL"
    assert again["a"]["pid"] != first["a"]["pid"]


def test_orphans_are_buried(start):
    script = "(sleep 0.1; exit 0) & exec sleep 1000"
    running = start(shell("a", f"sh -c '{script}' & sleep 0.05; kill -9 $!; exec sleep 1000"))
    running.until(lambda found: found["a"]["state"] == "running")
    end = time.monotonic() + 60
    while time.monotonic() < end:
        children = subprocess.run(
            ["ps", "-o", "stat=", "--ppid", str(running.pid)],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.split()
        if len(children) == 1:
            break
        time.sleep(0.05)
    assert len(children) == 1
    assert not children[0].startswith("Z")


def test_a_stop_ends_the_last_component_after_the_others(start, tmp_path):
    order = tmp_path / "order"
    trap = f"trap 'echo $NAME >> {order}; exit 0' TERM; : > {order}.$NAME; "
    trap += "while :; do sleep 0.02; done"
    running = start(
        shell("store", trap, environment={"NAME": "store"}, last=True),
        shell("user", trap, environment={"NAME": "user"}),
    )
    running.until(lambda found: all(each["state"] == "running" for each in found.values()))
    # A shell that has not reached its trap yet would die of the signal without a word.
    trapped = [tmp_path / f"order.{name}" for name in ("store", "user")]
    assert eventually(lambda: all(path.exists() for path in trapped), 60, 0.02)
    running.stop()
    assert order.read_text().split() == ["user", "store"]


def test_a_stop_ends_even_what_ignores_it(start):
    running = start(shell("deaf", "trap '' TERM; while :; do sleep 1000; done"))
    running.until(lambda found: found["deaf"]["state"] == "running")
    running.stop()
    assert start_ticks(running.pid) == -1


def test_the_death_of_the_supervisor_is_the_death_of_all(start):
    running = start(shell("a", "exec sleep 1000"))
    running.until(lambda found: found["a"]["state"] == "running")
    with subprocess.Popen(["pgrep", "-P", str(running.pid)], stdout=subprocess.PIPE) as found:
        component = int(found.communicate()[0])
    os.kill(running.pid, signal.SIGKILL)
    running.process.wait()
    assert start_ticks(component) == -1


def test_it_refuses_to_run_outside_a_namespace(tmp_path):
    from ballast.node.supervisor import Supervisor

    boot = Boot("", "", "", [], "", {}, [], {}, str(tmp_path), str(tmp_path / "s"), "", 0, "", [])
    with pytest.raises(RuntimeError, match="only runs as pid 1"):
        Supervisor(boot, -1).run()
