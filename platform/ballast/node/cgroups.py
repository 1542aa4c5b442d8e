"""The node's control groups, on version 1 and version 2 hosts; standard library only."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_WANTED = ("cpu", "cpuset", "memory", "pids", "io")
_CPUSET = ("cpuset.cpus", "cpuset.mems")


@dataclass(frozen=True)
class Hierarchy:
    """One mounted cgroup tree: version 1 with its controllers, or the unified version 2."""

    path: Path
    unified: bool
    controllers: frozenset[str]


def hierarchies(mountinfo: str) -> list[Hierarchy]:
    """Cgroup trees among the mounts of a /proc/<pid>/mountinfo text, each once."""
    found: dict[Path, Hierarchy] = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind not in {"cgroup", "cgroup2"}:
            continue
        path = Path(before.split(" ")[4])
        names = frozenset(options.split(",")) - {"rw", "ro"}
        found[path] = Hierarchy(path, kind == "cgroup2", names)
    return list(found.values())


def mounted() -> list[Hierarchy]:
    """Cgroup trees of this machine."""
    return hierarchies(Path("/proc/self/mountinfo").read_text())


def usable(trees: list[Hierarchy]) -> bool:
    """Whether kubelet's controllers are all there, in either version."""
    needed = {"cpu", "cpuset", "memory", "pids"}
    for tree in trees:
        if tree.unified:
            needed -= set(_read(tree.path / "cgroup.controllers").split())
        else:
            needed -= tree.controllers
    return not needed


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def create(name: str, trees: list[Hierarchy]) -> None:
    """Make `<name>/system` in each tree and move this process there; OSError when refused."""
    for tree in trees:
        group = tree.path / name
        leaf = group / "system"
        leaf.mkdir(parents=True, exist_ok=True)
        if tree.unified:
            # Controllers are handed down one level at a time; the leaf keeps the processes.
            for parent in (tree.path, group):
                _delegate(parent)
        elif "cpuset" in tree.controllers:
            # A new cpuset is empty and accepts no process until it is filled.
            for child in (group, leaf):
                for file in _CPUSET:
                    (child / file).write_text((tree.path / file).read_text())
        (leaf / "cgroup.procs").write_text(str(os.getpid()))


def _delegate(parent: Path) -> None:
    available = set(_read(parent / "cgroup.controllers").split())
    enabled = set(_read(parent / "cgroup.subtree_control").split())
    missing = [f"+{name}" for name in _WANTED if name in available - enabled]
    if missing:
        (parent / "cgroup.subtree_control").write_text(" ".join(missing))


def processes(name: str, trees: list[Hierarchy]) -> set[int]:
    """Every process in the group or below, as pids of the reader's namespace."""
    return {
        int(pid)
        for tree in trees
        for group in _groups(tree.path / name)
        for pid in _read(group / "cgroup.procs").split()
        if pid != "0"
    }


def _groups(top: Path) -> Iterator[Path]:
    for folder, _, _ in os.walk(top, topdown=False):
        yield Path(folder)


def remove(name: str, trees: list[Hierarchy], seconds: float = 5.0) -> list[Path]:
    """Kill what is left in the group and remove it; returns the groups that would not go."""
    end = time.monotonic() + seconds
    while True:
        for pid in processes(name, trees):
            _kill(pid)
        stuck = [group for tree in trees for group in _groups(tree.path / name) if _kept(group)]
        if not stuck or time.monotonic() > end:
            return stuck
        time.sleep(0.02)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _kept(group: Path) -> bool:
    try:
        group.rmdir()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
