"""Bring the platform up, run the tests that need it, take it down; or test the node alone."""

import subprocess
import sys
from typing import Final

from rich.console import Console

from ballast.bringup import sequence, teardown
from ballast.paths import repository_root

NODE_TESTS: Final = "tests/e2e/node"
"""They start nodes of their own, and want the machine's two cores for it."""


def run(console: Console, pytest_arguments: list[str], *, keep: bool) -> int:
    """Return pytest's exit code; `keep` leaves the platform running for a closer look."""
    try:
        sequence.bring_up(console)
        return _pytest("tests/e2e", f"--ignore={NODE_TESTS}", *pytest_arguments)
    finally:
        if not keep:
            teardown.take_down(console, purge=False)


def run_node(pytest_arguments: list[str]) -> int:
    """Test the node without a platform on it; return pytest's exit code."""
    return _pytest(NODE_TESTS, *pytest_arguments)


def _pytest(*arguments: str) -> int:
    command = [sys.executable, "-m", "pytest", "-m", "e2e", "--timeout=900", *arguments]
    return subprocess.run(command, cwd=repository_root(), check=False).returncode
