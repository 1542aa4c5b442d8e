"""Bring the platform up, run the tests that need it, destroy it; then test the node alone."""

import subprocess
import sys
from enum import StrEnum
from typing import Final

from rich.console import Console

from ballast.bringup import sequence, teardown
from ballast.paths import repository_root


class Part(StrEnum):
    """A part of the end-to-end tests that can be run alone."""

    PLATFORM = "platform"
    CHAOS = "chaos"
    DELIVERY = "delivery"
    NODE = "node"
    REMOVAL = "removal"


NODE_TESTS: Final = "tests/e2e/node"
"""They start nodes of their own, and want the machine's two cores for it."""
CHAOS_TESTS: Final = "tests/e2e/chaos"
"""Every experiment of the catalogue, one after the other: half an hour, only when asked for."""
DELIVERY_TESTS: Final = "tests/e2e/delivery"
"""Bad releases that go back, canaries, shadows, blue-green: half an hour, only when asked for."""
REMOVAL_TESTS: Final = "tests/e2e/removal"
"""They destroy the platform, so they come after all that need it."""


def run(console: Console, pytest_arguments: list[str], *, only: Part | None, keep: bool) -> int:
    """Return the first exit code of pytest that is not 0; `keep` leaves the platform running."""
    others = (NODE_TESTS, CHAOS_TESTS, DELIVERY_TESTS, REMOVAL_TESTS)
    elsewhere = [f"--ignore={folder}" for folder in others]
    parts: dict[Part, list[str]] = {
        Part.PLATFORM: ["tests/e2e", *elsewhere],
        Part.CHAOS: [CHAOS_TESTS],
        Part.DELIVERY: [DELIVERY_TESTS],
        Part.REMOVAL: [REMOVAL_TESTS],
    }
    standard = [Part.PLATFORM] if keep else [Part.PLATFORM, Part.REMOVAL]
    wanted = [part for part in parts if part is only or (only is None and part in standard)]
    code = 0
    if wanted:
        try:
            sequence.bring_up(console)
            for part in wanted:
                code = code or _pytest(*parts[part], *pytest_arguments)
        finally:
            if not keep:
                teardown.take_down(console, purge=Part.REMOVAL in wanted)
    if only in (None, Part.NODE):
        code = _pytest(NODE_TESTS, *pytest_arguments) or code
    return code


def _pytest(*arguments: str) -> int:
    command = [sys.executable, "-m", "pytest", "-m", "e2e", "--timeout=900", *arguments]
    return subprocess.run(command, cwd=repository_root(), check=False).returncode
