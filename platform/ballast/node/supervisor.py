"""Pid 1 of the node: starts the components, restarts what ends, buries orphans, stops in order."""

import contextlib
import json
import os
import signal
import time
from pathlib import Path
from typing import Final

from ballast.node import logs
from ballast.node.boot import Boot
from ballast.node.child import BACKOFF, WAITING, Child
from ballast.node.files import write_atomically

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
SIGNALS: Final = (*STOP_SIGNALS, signal.SIGCHLD, signal.SIGHUP)
ROTATE_EVERY: Final = 5.0
GRACE: Final = 0.5
LAST_GRACE: Final = 0.3


class Supervisor:
    """Runs until SIGTERM; when it returns, the kernel ends whatever is left in the namespace."""

    def __init__(self, boot: Boot, host_network: int) -> None:
        """`host_network` is an open file of the machine's network namespace."""
        folder = Path(boot.log)
        self.status = Path(boot.status)
        self.started_at = time.time()
        self.stopping = False
        self.rotated = time.monotonic()
        self.children = [
            Child(each, folder / f"{each.name}.log", boot.environment, host_network)
            for each in boot.components
        ]

    def run(self) -> None:
        """Supervise until told to stop, then stop in order; RuntimeError outside a namespace."""
        if os.getpid() != 1:
            # It buries and ends every process it sees, which must be the node's only.
            raise RuntimeError("the supervisor only runs as pid 1 of a pid namespace")
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        while not self.stopping:
            changed = [child.advance(time.time()) for child in self.children]
            if any(changed):
                self.report()
            self.rotate()
            self.wait(self.pause())
        self.stop()

    def pause(self) -> float:
        """Seconds until something may be due."""
        if any(child.state == WAITING for child in self.children):
            return 0.05
        due = [child.next_start for child in self.children if child.state == BACKOFF]
        return min([ROTATE_EVERY, *(max(0.01, each - time.time()) for each in due)])

    def wait(self, seconds: float) -> None:
        """Sleep until a signal or the time is up, then bury every process that ended."""
        received = signal.sigtimedwait(SIGNALS, seconds)
        if received is not None and received.si_signo in STOP_SIGNALS:
            self.stopping = True
        if self.reap():
            self.report()

    def reap(self) -> bool:
        """Collect ended processes; True when a component was among them."""
        ended = False
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return ended
            if pid == 0:
                return ended
            for child in self.children:
                if child.pid == pid:
                    ended = True
                    self.bury(child, status)

    def bury(self, child: Child, status: int) -> None:
        """A component ended: expected while stopping, otherwise an event to keep."""
        if self.stopping:
            child.pid = 0
            return
        child.exited(status, time.time())
        print(f"{child.component.name}: {child.exits[-1]['reason']}", flush=True)

    def rotate(self) -> None:
        """Cap the logs from time to time."""
        if time.monotonic() - self.rotated >= ROTATE_EVERY:
            self.rotated = time.monotonic()
            for child in self.children:
                logs.rotate(child.log)

    def stop(self) -> None:
        """Pods and components first, the store last; each phase waits a bounded time."""
        first = [child for child in self.children if not child.component.last]
        last = [child for child in self.children if child.component.last]
        for child in first:
            child.terminate()
        self.report()
        self.terminate_pods({child.pid for child in self.children})
        self.await_end(first, GRACE)
        for child in last:
            child.terminate()
        self.await_end(last, LAST_GRACE)
        self.report()

    def terminate_pods(self, components: set[int]) -> None:
        """SIGTERM to everything else in the namespace, so that databases can close their files."""
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) not in components | {1}:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(entry.name), signal.SIGTERM)

    def await_end(self, children: list[Child], seconds: float) -> None:
        """Return when all of them ended or the time is up."""
        end = time.monotonic() + seconds
        while any(child.pid for child in children) and time.monotonic() < end:
            signal.sigtimedwait(SIGNALS, 0.05)
            self.reap()

    def report(self) -> None:
        """Publish the state of all components."""
        text = json.dumps(
            {
                "started_at": self.started_at,
                "updated_at": time.time(),
                "stopping": self.stopping,
                "components": [child.report() for child in self.children],
            }
        )
        write_atomically(self.status, text)
