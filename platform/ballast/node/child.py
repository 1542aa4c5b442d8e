"""One supervised program: started when it can be, started again when it ends."""

import os
import signal
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ballast.node import logs
from ballast.node.boot import Component

FIRST_DELAY: Final = 0.25
LONGEST_DELAY: Final = 10.0
PROVEN: Final = 30.0
WAITING, RUNNING, BACKOFF, STOPPED = "waiting", "running", "backoff", "stopped"


@dataclass
class Child:
    """State of one component; times are seconds since 1970, `pid` is the namespace's."""

    component: Component
    log: Path
    environment: dict[str, str]
    host_network: int
    state: str = WAITING
    pid: int = 0
    restarts: int = 0
    started_at: float = 0.0
    next_start: float = 0.0
    delay: float = FIRST_DELAY
    exits: list[dict[str, object]] = field(default_factory=list[dict[str, object]])

    def advance(self, now: float) -> bool:
        """Start when due and possible; True when the state changed."""
        if self.state == BACKOFF and now >= self.next_start:
            self.state = WAITING
        if self.state != WAITING or not all(accepts(each) for each in self.component.after):
            return False
        self._start(now)
        return True

    def _start(self, now: float) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        actions: list[tuple[object, ...]] = [
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(self.log), flags, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        if self.component.host_network:
            actions.append((os.POSIX_SPAWN_DUP2, self.host_network, 3))
        try:
            self.pid = os.posix_spawn(
                self.component.argv[0],
                self.component.argv,
                {**self.environment, **self.component.environment},
                file_actions=actions,
                setsid=True,
                setsigmask=[],
                setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
            )
        except OSError as error:
            self._ended(now, f"could not start: {error}")
            return
        self.state, self.started_at = RUNNING, now

    def exited(self, status: int, now: float) -> None:
        """Record how the process ended (a wait status) and schedule the next start."""
        code = os.waitstatus_to_exitcode(status)
        self._ended(now, f"signal {signal.Signals(-code).name}" if code < 0 else f"exit {code}")

    def _ended(self, now: float, reason: str) -> None:
        if self.started_at and now - self.started_at >= PROVEN:
            self.delay = FIRST_DELAY
        ended: dict[str, object] = {
            "at": now,
            "reason": reason,
            "ran": round(now - self.started_at, 3) if self.started_at else 0.0,
            "log": logs.tail(self.log),
        }
        self.exits = [*self.exits, ended][-5:]
        self.state, self.pid = BACKOFF, 0
        self.restarts += 1
        self.next_start = now + self.delay
        self.delay = min(self.delay * 2, LONGEST_DELAY)

    def terminate(self) -> None:
        """Ask the process to end and never start it again."""
        self.state = STOPPED
        if self.pid:
            os.kill(self.pid, signal.SIGTERM)

    def report(self) -> dict[str, object]:
        """The component as the status file shows it."""
        return {
            "name": self.component.name,
            "state": self.state,
            "pid": self.pid,
            "restarts": self.restarts,
            "started_at": self.started_at,
            "next_start": self.next_start if self.state == BACKOFF else 0.0,
            "exits": self.exits,
        }


def accepts(address: str) -> bool:
    """Whether `unix:<path>` or `tcp:<ip>:<port>` accepts a connection right now."""
    kind, _, place = address.partition(":")
    family = socket.AF_UNIX if kind == "unix" else socket.AF_INET
    host, _, port = place.rpartition(":")
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.1)
        try:
            probe.connect(place if kind == "unix" else (host, int(port)))
        except OSError:
            return False
    return True


def now() -> float:
    """Wall clock in seconds since 1970."""
    return time.time()
