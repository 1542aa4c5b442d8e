import os
import socket

import pytest

from ballast.node import child as module
from ballast.node.boot import Component
from ballast.node.child import BACKOFF, RUNNING, STOPPED, WAITING, Child


@pytest.fixture
def make(tmp_path):
    def build(*argv: str, after: tuple[str, ...] = ()) -> Child:
        component = Component("demo", list(argv), after=list(after))
        return Child(component, tmp_path / "demo.log", {"PATH": os.environ["PATH"]}, -1)

    return build


def finish(child: Child, now: float) -> None:
    _, status = os.waitpid(child.pid, 0)
    child.exited(status, now)


def test_a_child_starts_with_its_own_environment_and_log(make):
    child = make("/bin/sh", "-c", "echo $PATH; echo $HOME")
    child.advance(100.0)
    assert child.state == RUNNING
    finish(child, 101.0)
    assert child.log.read_text() == f"{os.environ['PATH']}\n\n"


def test_an_end_keeps_its_reason_and_the_last_lines(make):
    child = make("/bin/sh", "-c", "echo why >&2; exit 3")
    child.advance(100.0)
    finish(child, 101.5)
    assert child.exits[-1] == {"at": 101.5, "reason": "exit 3", "ran": 1.5, "log": ["why"]}
    assert (child.state, child.restarts) == (BACKOFF, 1)


def test_a_signal_is_named(make):
    child = make("/bin/sh", "-c", "kill -9 $$")
    child.advance(100.0)
    finish(child, 100.1)
    assert child.exits[-1]["reason"] == "signal SIGKILL"


def test_pauses_double_up_to_the_longest(make):
    child = make("/bin/false")
    now, pauses = 100.0, []
    for _ in range(8):
        child.advance(now)
        finish(child, now)
        pauses.append(child.next_start - now)
        now = child.next_start
    assert pauses == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_a_long_run_forgives_earlier_ends(make):
    child = make("/bin/false")
    child.delay = 8.0
    child.advance(100.0)
    finish(child, 100.0 + module.PROVEN)
    assert child.next_start == 100.0 + module.PROVEN + module.FIRST_DELAY


def test_nothing_starts_before_its_pause_is_over(make):
    child = make("/bin/false")
    child.state, child.next_start = BACKOFF, 200.0
    assert not child.advance(199.9)
    assert child.state == BACKOFF


def test_a_missing_program_is_a_reason_not_a_crash(make):
    child = make("/no/such/program")
    child.advance(100.0)
    assert child.state == BACKOFF
    assert "No such file" in str(child.exits[-1]["reason"])


def test_a_child_waits_until_what_it_needs_accepts(make):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        child = make("/bin/true", after=(f"tcp:127.0.0.1:{server.getsockname()[1]}",))
        child.advance(100.0)
        assert child.state == WAITING
        server.listen()
        child.advance(100.0)
    assert child.state == RUNNING
    finish(child, 101.0)


def test_a_terminated_child_is_not_started_again(make):
    child = make("/bin/sleep", "60")
    child.advance(100.0)
    child.terminate()
    os.waitpid(child.pid, 0)
    child.advance(500.0)
    assert child.state == STOPPED


def test_only_the_last_ends_are_kept(make):
    child = make("/bin/false")
    for now in range(7):
        child.state = WAITING
        child.advance(float(now))
        finish(child, float(now))
    assert [each["at"] for each in child.exits] == [2.0, 3.0, 4.0, 5.0, 6.0]
