"""Run programs inside the node's namespaces."""

import subprocess
from collections.abc import Sequence
from typing import Any

from ballast.node.boot import load_boot
from ballast.node.errors import NodeError
from ballast.node.layout import Layout
from ballast.node.liveness import load_identity
from ballast.node.python import isolated


def enter(
    layout: Layout, argv: Sequence[str], *, capture: bool = True, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `argv` inside and return how it ended; NodeError when the node is not up.

    Without `capture` the program shares this process' terminal.
    """
    identity = load_identity(layout.identity)
    if identity is None or not identity.alive():
        raise NodeError("the node is not running", fix="ballast node up")
    command = isolated("ballast.node.enter", f"{str(identity.pid)!r}, sys.argv[1:]")
    options: dict[str, Any] = {"capture_output": True, "input": stdin or ""} if capture else {}
    environment = load_boot(layout.boot).environment
    return subprocess.run([*command, *argv], env=environment, text=True, check=False, **options)
