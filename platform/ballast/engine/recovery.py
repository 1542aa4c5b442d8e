"""Going on after a run that was killed: its lock, and operations it never finished."""

import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ballast.engine.outcome import EngineError
from ballast.kubeapi.shape import Json, mapping, sequence


@dataclass(frozen=True)
class Lock:
    """Who holds a stack of the file backend."""

    path: Path
    pid: int
    host: str

    def holder_lives(self) -> bool:
        """Whether the holder is still running; one on another machine is taken to be."""
        if self.host != socket.gethostname():
            return True
        try:
            name = Path(f"/proc/{self.pid}/comm").read_text().strip()
        except FileNotFoundError:
            return _answers(self.pid)
        except OSError:
            return False
        return name == "pulumi"


def locks(backend: Path, project: str, stack: str) -> Iterator[Lock]:
    """Locks on a stack, as the file backend writes them."""
    folder = backend / ".pulumi" / "locks" / "organization" / project / stack
    for path in sorted(folder.glob("*.json")):
        try:
            held = mapping(json.loads(path.read_text()))
            yield Lock(path, int(held["pid"]), str(held.get("hostname") or ""))
        except (OSError, ValueError, KeyError) as error:
            raise EngineError(
                f"the lock {path} cannot be read: {error}",
                "when no other run is at work, delete that file",
            ) from error


def clear_stale_locks(backend: Path, project: str, stack: str) -> int:
    """Remove locks whose holder is gone, and say how many; EngineError when one is at work."""
    cleared = 0
    for lock in locks(backend, project, stack):
        if lock.holder_lives():
            raise EngineError(
                f"another run (process {lock.pid} on {lock.host}) is changing stack {stack}",
                "wait for it to end, or end it with Ctrl-C",
            )
        lock.path.unlink(missing_ok=True)
        cleared += 1
    return cleared


def has_pending(backend: Path, project: str, stack: str) -> bool:
    """Whether the state file mentions unfinished operations: cheaper than an export."""
    path = backend / ".pulumi" / "stacks" / project / f"{stack}.json"
    return path.exists() and '"pending_operations"' in path.read_text()


def without_pending(exported: Json) -> Json | None:
    """An exported stack without operations that never finished, or None when there are none.

    Dropping them is right because every operation here can be repeated: a create finds and keeps
    the object that the killed run made, an update is applied again, a delete finds nothing left.
    """
    deployment = mapping(exported.get("deployment"))
    if not sequence(deployment.get("pending_operations")):
        return None
    kept = {name: item for name, item in deployment.items() if name != "pending_operations"}
    return {**exported, "deployment": kept}


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
