"""Containers of the node as the host sees them: control groups, processes, network."""

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ballast.node import kernel
from ballast.node.cgroups import Hierarchy, mounted
from ballast.node.layout import Layout


def group_of(
    pod: str, container: str = "", *, controller: str, layout: Layout | None = None
) -> Path | None:
    """Control group of a container id in a pod of this UID, or of the whole pod; None without one.

    It is looked for in the version 1 tree of the controller, else in the unified tree.
    """
    name = (layout or Layout.default()).cgroup
    for tree in _preferred(mounted(), controller):
        root = tree.path / name / "kubepods"
        for found in (*root.glob(f"pod{pod}"), *root.glob(f"*/pod{pod}")):
            group = found / container
            if group.is_dir():
                return group
    return None


def processes_of(pod: str, container: str = "", *, layout: Layout | None = None) -> list[int]:
    """Processes of a container, or of all containers of a pod, as pids of this namespace."""
    group = group_of(pod, container, controller="pids", layout=layout)
    if group is None:
        return []
    return sorted(
        int(pid)
        for folder, _, files in os.walk(group)
        if "cgroup.procs" in files
        for pid in Path(folder, "cgroup.procs").read_text().split()
    )


def is_unified(group: Path) -> bool:
    """Whether a control group is of version 2."""
    return (group / "cgroup.controllers").exists()


@contextmanager
def network_of(pids: Sequence[int]) -> Generator[bool]:
    """Put this thread, and what it starts, into the network of the first of the processes.

    Gives False, and stays where it is, when none of them lives.
    """
    theirs = _open_network(pids)
    if theirs is None:
        yield False
        return
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        kernel.setns(theirs, kernel.NEWNET)
        try:
            yield True
        finally:
            kernel.setns(own, kernel.NEWNET)
    finally:
        os.close(own)
        os.close(theirs)


def _open_network(pids: Sequence[int]) -> int | None:
    for pid in pids:
        try:
            return os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        except OSError:
            continue  # it ended since it was listed
    return None


def _preferred(trees: list[Hierarchy], controller: str) -> list[Hierarchy]:
    """The tree of this version 1 controller first; on a mixed host the unified one is empty."""
    return sorted(
        (tree for tree in trees if tree.unified or controller in tree.controllers),
        key=lambda tree: tree.unified,
    )
