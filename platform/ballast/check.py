"""Everything that must hold without a cluster: style, types, import contracts, tests."""

import subprocess
import sys
from pathlib import Path

from rich.console import Console

from ballast.bringup.narration import Narration
from ballast.bringup.timeline import Timeline
from ballast.paths import repository_root
from ballast.supply.build import ensure_binaries

PATHS = ("platform", "apps", "tests", "benchmarks", "loadtests", "chaos")
# What the tests start as real servers and commands. Built before them: compiling Kubernetes takes
# longer than any one test may.
PROGRAMS = (
    "kube-apiserver", "kube-controller-manager", "etcd", "helm", "daprd", "vault",
    "postgresql-database-plugin", "soft", "opa", "pulumi",
)  # fmt: skip
# Tests mostly wait for servers, so more processes than cores share them, each file in one process;
# in the order of the folders, for the longest files come first in it.
SHARED = ("--numprocesses=3", "--dist=loadfile", "--no-loadscope-reorder")


def commands(root: Path) -> dict[str, list[str]]:
    """Return each check by name as the command line that runs it from the root."""
    present = [path for path in PATHS if (root / path).is_dir()]
    return {
        "format": ["ruff", "format", "--check", *present],
        "lint": ["ruff", "check", *present],
        "import contracts": ["lint-imports", "--no-cache"],
        "types": ["pyright"],
        "tests": [sys.executable, "-m", "pytest", "-m", "not e2e", "--durations=10", *SHARED],
    }


def run(console: Console, pytest_arguments: list[str]) -> int:
    """Run every check, the tests last; return 0 only when all of them passed."""
    root = repository_root()
    timeline = Timeline(console)
    failed: list[str] = []
    with timeline.phase("binaries of the tests"):
        ensure_binaries(PROGRAMS, progress=Narration(timeline))
    for name, command in commands(root).items():
        arguments = pytest_arguments if name == "tests" else []
        with timeline.phase(name) as phase:
            code = subprocess.run([*command, *arguments], cwd=root, check=False).returncode
            phase.failed = code != 0
        if code != 0:
            failed.append(name)
    if failed:
        console.print(f"[red]failed:[/red] {', '.join(failed)}")
        return 1
    console.print(f"all checks passed in {timeline.total:.0f}s · next: make up")
    return 0
