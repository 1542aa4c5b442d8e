"""What a purge takes along: all that describes a cluster that is gone, and no record of a run."""

from pathlib import Path

import pytest
from rich.console import Console

from ballast.bringup import teardown

OF_THE_CLUSTER = ["pulumi/state.json", "git/ballast.git/HEAD", "gate/sign-offs/staging/lead.json"]
OF_THE_MACHINE = ["gate/runs/run-1/record.dsse.json", "gate/signing.key", "gate/sign-off.key"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BALLAST_HOME", str(tmp_path))
    monkeypatch.setattr(teardown.node, "down", lambda purge: None)
    for name in [*OF_THE_CLUSTER, *OF_THE_MACHINE]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


def left(home: Path) -> set[str]:
    return {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}


def test_a_purge_leaves_records_and_keys_and_nothing_of_the_cluster(home: Path) -> None:
    teardown.take_down(Console(quiet=True), purge=True)
    assert left(home) == set(OF_THE_MACHINE)


def test_without_a_purge_everything_is_kept(home: Path) -> None:
    teardown.take_down(Console(quiet=True), purge=False)
    assert left(home) == {*OF_THE_CLUSTER, *OF_THE_MACHINE}
