"""Stop the embedded platform and, when asked, drop its data."""

import shutil

from rich.console import Console

from ballast.bringup.timeline import Timeline
from ballast.node import lifecycle as node
from ballast.paths import state_dir

STATE_OF_A_CLUSTER = ("pulumi", "git", "gate/sign-offs")
"""Folders that describe what runs in the cluster: without its data they would be lies."""


def take_down(console: Console, *, purge: bool) -> None:
    """Stop every process of the node; with `purge`, remove its data and the state about it."""
    timeline = Timeline(console)
    with timeline.phase("node down"):
        node.down(purge=purge)
    if purge:
        for name in STATE_OF_A_CLUSTER:
            shutil.rmtree(state_dir() / name, ignore_errors=True)
    kept = "nothing kept" if purge else f"data kept in {state_dir()}"
    console.print(f"down in {timeline.total:.1f}s, {kept} · next: make up")
