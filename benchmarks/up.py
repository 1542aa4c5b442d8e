"""Measure bring-up, a second bring-up and take-down, beside the figures that peers publish.

Run with `make bench`. Seconds of wall time on this machine; peers' figures are theirs, for
their machines, so the ratio is a hint of scale and not a contest.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

PEERS = {
    "Kargo quickstart (published)": 20 * 60,
    "cluster-template bootstrap (published as 10+ min)": 10 * 60,
    "idpbuilder create (its test budget)": 8 * 60,
    "Online Boutique on Minikube, prebuilt images (published)": 3 * 60,
}
LIMITS = {"up": 300.0, "second up": 45.0, "down": 5.0}


def timed(*command: str) -> float:
    """Run a ballast verb and return its seconds; a failure ends the benchmark."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "ballast", *command], check=True)
    return time.monotonic() - began


def main() -> None:
    """Purge, bring up from nothing, bring up again, take down; print and keep the table."""
    subprocess.run([sys.executable, "-m", "ballast", "down", "--purge"], check=True)
    measured = {"up": timed("up"), "second up": timed("up"), "down": timed("down")}
    table = Table(title=f"bring-up on {os.cpu_count()} cores")
    for heading in ("what", "seconds", "limit", "ratio"):
        table.add_column(heading)
    for name, seconds in measured.items():
        limit = LIMITS[name]
        table.add_row(name, f"{seconds:.1f}", f"{limit:.0f}", f"{seconds / limit:.2f}")
    for name, seconds in PEERS.items():
        table.add_row(name, f"{seconds}", "", f"{measured['up'] / seconds:.2f}")
    Console().print(table)
    out = Path("reports")
    out.mkdir(exist_ok=True)
    (out / "bring-up.json").write_text(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
