"""From a running, half-dead or interrupted node to nothing left."""

import shutil
import signal

from ballast.node import cgroups
from ballast.node.errors import NodeError
from ballast.node.layout import Layout
from ballast.node.liveness import load_identity, signal_and_wait

ORDERLY = 1.6


def stop(layout: Layout) -> None:
    """End every process of the node and remove what the kernel keeps for it.

    Works on whatever is there. NodeError when a control group would not go.
    """
    identity = load_identity(layout.identity)
    if identity is not None and not signal_and_wait(identity, signal.SIGTERM, ORDERLY):
        # The end of pid 1 is the end of every process in its namespace.
        signal_and_wait(identity, signal.SIGKILL, 5.0)
    stuck = cgroups.remove(layout.cgroup, cgroups.mounted())
    if stuck:
        raise NodeError(
            f"these control groups could not be removed: {', '.join(map(str, stuck))}",
            fix="a process in them does not die (see its state in /proc/<pid>/stack); "
            "a restart of the machine clears it",
        )
    shutil.rmtree(layout.run, ignore_errors=True)


def purge(layout: Layout) -> None:
    """Remove the data, keys and logs of a stopped node."""
    for folder in (layout.data, layout.pki, layout.log, layout.config, layout.tools):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (layout.forwards, layout.admin_kubeconfig):
        file.unlink(missing_ok=True)
