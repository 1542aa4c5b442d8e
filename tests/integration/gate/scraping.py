"""A real Prometheus for tests: what it asks and which rules it evaluates is the test's choice."""

import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import yaml
from ports import free_port

from ballast.supply.host_root import ensure_host_root


@contextmanager
def prometheus_server(
    folder: Path, jobs: list[dict], groups: list[dict] | None = None
) -> Generator[str]:
    """The URL of a Prometheus that scrapes and evaluates every second."""
    configuration = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "scrape_configs": jobs,
        "rule_files": ["rules.yml"] if groups else [],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": groups or []}))
    port = free_port()
    process = subprocess.Popen(
        [
            ensure_host_root("prometheus") / "bin" / "prometheus",
            f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=sys.stderr,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def eventually(holds: Callable[[], bool], seconds: float = 120) -> None:
    """Wait until a condition holds; a failure after `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)
