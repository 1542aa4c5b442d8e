"""Seconds of `ballast supply build`: with nothing to do, and of the last build of each component.

python benchmarks/supply.py            what a user waits for when everything is there
python benchmarks/supply.py --cold     also builds everything in an empty cache (half an hour)
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ballast.supply.lock import load_lock
from ballast.supply.timings import Timings

TARGETS = {"cold": 1800.0, "warm": 2.0}
RUNS = 5


def timed_build(cache: str | None = None) -> float:
    """Seconds of one `ballast supply build` in a process of its own."""
    environment = dict(os.environ) | ({"BALLAST_CACHE": cache} if cache else {})
    start = time.perf_counter()
    subprocess.run(
        [Path(sys.executable).with_name("ballast"), "supply", "build"],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


def main() -> int:
    """Print the table; 1 when a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cold", action="store_true", help="also build in an empty cache")
    cold_asked: bool = parser.parse_args().cold
    console = Console()
    measured: dict[str, float] = {}
    if cold_asked:
        with tempfile.TemporaryDirectory(prefix="ballast-bench-") as cache:
            measured["cold"] = timed_build(cache)
            # Go keeps its module cache read-only, which would keep it from being removed.
            subprocess.run(["chmod", "-R", "u+w", Path(cache)], check=True)
    measured["warm"] = sorted(timed_build() for _ in range(RUNS))[RUNS // 2]

    table = Table("run", "seconds", "target", title="ballast supply build")
    for name, seconds in measured.items():
        table.add_row(name, f"{seconds:.2f}", f"{TARGETS[name]:.0f}")
    console.print(table)
    last = Table("component", "seconds", title="expected of each component from nothing")
    timings = Timings.default()
    for component in load_lock().binary:
        expected = timings.expected(component)
        last.add_row(component.component, f"{expected:.0f}" if expected else "unknown")
    console.print(last)
    return int(any(seconds > TARGETS[name] for name, seconds in measured.items()))


if __name__ == "__main__":
    sys.exit(main())
