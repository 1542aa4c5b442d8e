"""Which process is pid 1 of the node, and whether it still is; standard library only."""

import contextlib
import json
import os
import select
import signal
from dataclasses import asdict, dataclass
from pathlib import Path

from ballast.node.files import write_atomically


@dataclass(frozen=True)
class Identity:
    """A process that no later process can be mistaken for.

    `ticks` is the start time in clock ticks since boot, `boot` the kernel's boot id, `started`
    the wall clock in seconds since 1970, `spec` the digest of what it was told to run.
    """

    pid: int
    ticks: int
    boot: str
    started: float
    spec: str

    def save(self, path: Path) -> None:
        """Write atomically."""
        write_atomically(path, json.dumps(asdict(self)))

    def alive(self) -> bool:
        """True while this very process runs (a zombie does not)."""
        return self.boot == boot_id() and start_ticks(self.pid) == self.ticks


def load_identity(path: Path) -> Identity | None:
    """The saved identity, or None when there is none or a crash cut it short."""
    try:
        return Identity(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def boot_id() -> str:
    """Identifier of the current boot of this machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start_ticks(pid: int) -> int:
    """Start time of a live process in clock ticks since boot, -1 when there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return -1
    # The command name may hold spaces and parentheses: fields are counted after the last one.
    fields = text.rpartition(")")[2].split()
    return -1 if fields[0] in "ZX" else int(fields[19])


def signal_and_wait(identity: Identity, number: int, seconds: float) -> bool:
    """Signal the process and wait for its end; True when it is gone after `seconds` at most."""
    try:
        descriptor = os.pidfd_open(identity.pid)
    except OSError:
        return True
    try:
        # Checked after pidfd_open: from here on the descriptor cannot mean another process.
        if not identity.alive():
            return True
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(descriptor, number)
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)
