"""The routing tree, asked by Alertmanager's own tool: who hears of which alert."""

import subprocess
from pathlib import Path

import pytest

from ballast.components.alerting import routing_text
from ballast.supply.host_root import ensure_host_root


@pytest.fixture(scope="module")
def amtool() -> Path:
    return ensure_host_root("prometheus") / "bin" / "amtool"


def receiver(amtool: Path, folder: Path, severity: str) -> str:
    config = folder / "alertmanager.yml"
    config.write_text(routing_text())
    asked = [str(amtool), "config", "routes", "test", f"--config.file={config}"]
    labels = ["alertname=A", "service=s", *([f"severity={severity}"] if severity else [])]
    return subprocess.run([*asked, *labels], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("severity", "heard_by"),
    [
        ("page", "page"),
        ("critical", "page"),
        ("ticket", "ticket"),
        ("warning", "ticket"),
        ("info", "notice"),
        ("", "notice"),
        ("paged", "notice"),
    ],
)
def test_the_severity_decides_who_hears(
    amtool: Path, tmp_path: Path, severity: str, heard_by: str
) -> None:
    assert receiver(amtool, tmp_path, severity).strip() == heard_by
