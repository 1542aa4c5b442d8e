"""Bytes of memory that the running platform needs: the working set of the node's cgroup.

The working set is what the kernel counts less the file pages that it could drop (`inactive_file`),
as the kubelet counts it. Pods, the node's own daemons and the supervisor are in it.
"""

from pathlib import Path

from ballast.node.cgroups import mounted
from ballast.node.layout import Layout


def working_set() -> int:
    """Bytes; raises FileNotFoundError when the node is not up."""
    name = Layout.default().cgroup
    for tree in mounted():
        folder = tree.path / name
        if tree.unified and "memory" in tree.controllers | _unified(tree.path):
            return _less_droppable(folder, "memory.current")
        if not tree.unified and "memory" in tree.controllers:
            return _less_droppable(folder, "memory.usage_in_bytes")
    raise FileNotFoundError("no cgroup tree counts memory")


def _unified(path: Path) -> set[str]:
    return set((path / "cgroup.controllers").read_text().split())


def _less_droppable(folder: Path, usage: str) -> int:
    used = int((folder / usage).read_text())
    rows = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    return used - int(rows.get("total_inactive_file", rows.get("inactive_file", "0")))


if __name__ == "__main__":
    print(f"{working_set() / (1 << 30):.2f} GiB")
