"""A pod that is to die without goodbye: its processes are killed, whatever the API server says."""

import signal
import subprocess
from collections.abc import Iterator

import pytest

from ballast.errors import BallastError
from ballast.gate.faults import ending
from ballast.gate.order import Order, Site


class Pods:
    """An API server that knows one pod, or has forgotten it."""

    def __init__(self, there: bool = True) -> None:
        self.there = there

    def delete(self, *_: object, **__: object) -> bool:
        return self.there


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """The pod's one process, which would not go when it is asked to."""
    command = ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
    with subprocess.Popen(command) as running:
        monkeypatch.setattr(
            ending, "processes_of", lambda _: [running.pid] if running.poll() is None else []
        )
        yield running
        running.kill()


def site(tmp_path, pods: Pods) -> Site:
    order = {"name": "k", "entry": {"fault": "kill-pod", "target": "redis"}, "kubeconfig": "k",
             "namespace": "todo-app-dev", "samples": "s", "seed": 1,
             "folder": tmp_path}  # fmt: skip
    return Site(pods, Order.model_validate(order))


def test_its_processes_are_killed_and_not_asked(process, tmp_path):
    assert ending.end_pod(site(tmp_path, Pods()), "redis-0", "u1")
    assert process.wait() == -signal.SIGKILL


def test_a_pod_that_was_deleted_before_is_said_to_be_gone_and_its_processes_end(process, tmp_path):
    assert not ending.end_pod(site(tmp_path, Pods(there=False)), "redis-0", "u1")
    assert process.wait() == -signal.SIGKILL


def test_a_process_that_lives_on_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(ending, "GONE_SECONDS", 0.1)
    monkeypatch.setattr(ending, "processes_of", lambda _: [2**22 + 1])  # no pid is that high
    with pytest.raises(BallastError, match="processes of redis-0 live on"):
        ending.end_pod(site(tmp_path, Pods()), "redis-0", "u1")
