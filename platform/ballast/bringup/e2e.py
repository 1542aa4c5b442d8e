"""Bring the platform up, run the tests that need it, take it down whatever happened."""

import subprocess
import sys

from rich.console import Console

from ballast.bringup import sequence, teardown
from ballast.paths import repository_root


def run(console: Console, pytest_arguments: list[str], *, keep: bool) -> int:
    """Return pytest's exit code; `keep` leaves the platform running for a closer look."""
    try:
        sequence.bring_up(console)
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-m", "e2e", "--timeout=900", *pytest_arguments],
            cwd=repository_root(),
            check=False,
        ).returncode
    finally:
        if not keep:
            teardown.take_down(console, purge=False)
