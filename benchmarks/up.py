"""Measure the whole platform: up, up again, a push, its memory, down; beside what peers publish.

Run with `make bench`. Seconds of wall time on this machine; peers' figures are theirs, for
their machines, so the ratio is a hint of scale and not a contest.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from platform_memory import working_set
from push_to_synced import push_to_synced
from rich.console import Console
from rich.table import Table

from ballast.engine import embedded
from ballast.paths import state_dir

PEERS = {
    "Kargo quickstart (published)": 20 * 60,
    "cluster-template bootstrap (published as 10+ min)": 10 * 60,
    "idpbuilder create (its test budget)": 8 * 60,
    "Online Boutique on Minikube, prebuilt images (published)": 3 * 60,
}
LIMITS = {
    "up, s": 300.0,
    "second up, s": 45.0,
    "pulumi up without a change, s": 5.0,
    "push to Synced and Healthy, s": 5.0,
    "memory of everything, GiB": 5.0,
    "down, s": 5.0,
}
REPEATS = 5


def seconds(work: Callable[[], object]) -> float:
    """Wall time of `work`."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def ballast(*command: str) -> None:
    """Run a ballast verb; a failure ends the benchmark."""
    subprocess.run([sys.executable, "-m", "ballast", *command], check=True)


def measure() -> dict[str, list[float]]:
    """Every run of each figure, in the order of LIMITS."""
    ballast("down", "--purge")
    found = {"up, s": [seconds(lambda: ballast("up"))]}
    found["second up, s"] = [seconds(lambda: ballast("up"))]
    engine = embedded(state_dir())
    found["pulumi up without a change, s"] = [seconds(engine.up) for _ in range(REPEATS)]
    found["push to Synced and Healthy, s"] = push_to_synced(REPEATS)
    found["memory of everything, GiB"] = [working_set() / (1 << 30)]
    found["down, s"] = [seconds(lambda: ballast("down"))]
    return found


def main() -> None:
    """Print and keep the table."""
    measured = measure()
    table = Table(title=f"the platform on {os.cpu_count()} cores")
    for heading in ("what", "median", "least", "most", "limit", "ratio"):
        table.add_column(heading)
    for name, runs in measured.items():
        middle, limit = median(runs), LIMITS[name]
        figures = (middle, min(runs), max(runs))
        table.add_row(
            name, *(f"{figure:.1f}" for figure in figures), f"{limit:.0f}", f"{middle / limit:.2f}"
        )
    for name, published in PEERS.items():
        ratio = measured["up, s"][0] / published
        table.add_row(f"up, beside {name}", f"{published}", "", "", "", f"{ratio:.2f}")
    Console().print(table)
    out = Path("reports")
    out.mkdir(exist_ok=True)
    (out / "bring-up.json").write_text(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
