"""The folder of one gate run: its state, its children, and what an interrupted one left behind."""

import contextlib
import fcntl
import json
import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from ballast.errors import BallastError
from ballast.gate.injection import INJECTED, undo_in
from ballast.kubeapi.shape import mapping, mappings
from ballast.paths import state_dir

Moment = Literal["started", "load_began", "load_ended", "read_back", "ended"]


def runs_dir() -> Path:
    """Folder of all runs of this installation."""
    return state_dir() / "gate" / "runs"


class RunFolder:
    """State of a run on disk. While the run lives, it holds the lock of its folder."""

    def __init__(self, path: Path) -> None:
        """`path` is the folder; its name is the name of the run."""
        self.path = path
        self.name = path.name

    @classmethod
    def create(cls, root: Path | None = None) -> "RunFolder":
        """A new folder, named by time and chance."""
        name = time.strftime("%Y%m%d-%H%M%S", time.gmtime()) + "-" + secrets.token_hex(2)
        folder = (root or runs_dir()) / name
        folder.mkdir(parents=True, mode=0o700)
        return cls(folder)

    @contextmanager
    def alive(self) -> Generator[None]:
        """Mark the run as living; whatever ends it, no child of it survives."""
        with (self.path / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            own = {"pid": os.getpid(), "started": started(os.getpid())}
            self.write("state.json", {"state": "running", "run": own, "children": []})
            try:
                with _stoppable():
                    yield
            except BaseException as stopped:
                self.note("ended")
                self.end("interrupted", _told(stopped))
                raise
            self.end("finished")

    def adopt(self, process: subprocess.Popen[bytes]) -> None:
        """Remember a child (leader of its own process group), so that it can be ended later."""
        state = self.read("state.json")
        child = {"pid": process.pid, "started": started(process.pid)}
        self.write("state.json", {**state, "children": [*mappings(state.get("children")), child]})

    def note(self, moment: Moment, at: float | None = None) -> float:
        """Write down when something happened, now unless `at` says when; Unix seconds."""
        at = time.time() if at is None else at
        self.write("moments.json", {**self.read("moments.json"), moment: at})
        return at

    def end(self, state: str, why: str = "") -> None:
        """End children that still live, drop the users' tokens, undo faults, write the final state.

        `why` says what kept the run from its end.
        BallastError when a fault cannot be undone: the run is then not over, and the next start
        tries again.
        """
        for child in mappings(self.read("state.json").get("children")):
            # The start time tells our child from a stranger that got its number since.
            if child["started"] and started(child["pid"]) == child["started"]:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child["pid"], signal.SIGKILL)
        (self.path / "tokens.json").unlink(missing_ok=True)
        for injected in sorted(self.path.glob(f"chaos/*/{INJECTED}")):
            undo_in(injected.parent)
        self.write("state.json", {"state": state, "why": why, "children": []})

    def write(self, name: str, content: object) -> None:
        """Write a JSON file of the run, whole or not at all."""
        partial = self.path / f"{name}.partial"
        partial.write_text(json.dumps(content, indent=1))
        partial.replace(self.path / name)

    def read(self, name: str) -> dict[str, Any]:
        """A JSON file of the run; empty when it is absent."""
        path = self.path / name
        return mapping(json.loads(path.read_text())) if path.exists() else {}


def clean_interrupted(root: Path | None = None) -> list[str]:
    """End what dead runs left running, undo their faults; names of the runs that were cleaned."""
    cleaned: list[str] = []
    for path in sorted((root or runs_dir()).glob("*/state.json")):
        run = RunFolder(path.parent)
        if run.read("state.json").get("state") != "running":
            continue
        with (path.parent / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            run.end("interrupted", "its process was killed")
            cleaned.append(run.name)
    return cleaned


def _told(stopped: BaseException) -> str:
    if isinstance(stopped, KeyboardInterrupt):
        return "it was stopped"
    return str(stopped) or type(stopped).__name__


@contextmanager
def _stoppable() -> Generator[None]:
    """Let SIGTERM end the run as an interruption does: with everything behind it put in order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def find_run(name: str | None = None, root: Path | None = None) -> RunFolder:
    """A run by name, or the newest; BallastError when there is none."""
    root = root or runs_dir()
    names = sorted(path.parent.name for path in root.glob("*/state.json"))
    if not names or (name and name not in names):
        raise BallastError(
            f"no gate run {name or ''} in {root}".replace("  ", " "),
            "Start one: ballast gate run dev.",
        )
    return RunFolder(root / (name or names[-1]))


def started(pid: int) -> str:
    """Start time of a living process, which tells it from a later one of its number; else empty."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rsplit(")", 1)[1].split()
    return "" if fields[0] in "ZX" else fields[19]
