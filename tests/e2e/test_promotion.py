"""The gate on the running platform: a sound release passes, each kind of lie is refused."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ballast import release
from ballast.cli import app
from ballast.errors import BallastError
from ballast.gate import cli as gate
from ballast.gitserver import GitServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def proven() -> gate.Promotion:
    """One real run of the gate, without the commit: its record is presented and forged below.

    A busy machine can leave a sound release undecided, and a comparison has a stated share of false
    alarms (docs/gate.md); the gate says so, and who reads that runs it again. Once.
    """
    try:
        return gate.promote("dev", "staging", seed=7, dry_run=True)
    except BallastError as refusal:
        if "INCONCLUSIVE" not in str(refusal) and "regression/" not in str(refusal):
            raise
    return gate.promote("dev", "staging", seed=8, dry_run=True)


@pytest.fixture(scope="module")
def record(proven: gate.Promotion) -> Path:
    """The signed record of that run."""
    assert proven.report
    return proven.report.parent / "record.dsse.json"


def test_a_sound_release_moves_with_its_evidence(record: Path, git: GitServer) -> None:
    assert gate.promote("dev", "staging", evidence=record).commit
    dev = release.parse(git.read_file(release.path_of("dev")))
    staging = release.parse(git.read_file(release.path_of("staging")))
    assert staging.digests == dev.digests
    assert any(path.endswith(".dsse.json") for path in git.list_files("gitops/evidence"))


def test_a_tampered_record_is_refused_and_nothing_is_committed(
    record: Path, git: GitServer, tmp_path: Path
) -> None:
    before = git.head()
    forged = tmp_path / "forged.dsse.json"
    envelope = json.loads(record.read_text())
    payload = envelope["payload"]
    envelope["payload"] = payload[:40] + ("A" if payload[40] != "A" else "B") + payload[41:]
    forged.write_text(json.dumps(envelope))
    with pytest.raises(BallastError):
        gate.promote("dev", "staging", evidence=forged)
    assert git.head() == before


def test_a_record_of_other_digests_is_refused(record: Path, git: GitServer, tmp_path: Path) -> None:
    # The record was made for dev to staging; presented for another pair it proves nothing.
    before = git.head()
    copy = tmp_path / "record.dsse.json"
    shutil.copy(record, copy)
    with pytest.raises(BallastError):
        gate.promote("staging", "prod", evidence=copy)
    assert git.head() == before


def test_a_refusal_is_one_line_and_exit_code_one(tmp_path: Path) -> None:
    absent = tmp_path / "absent.json"
    outcome = CliRunner().invoke(app, ["promote", "dev", "staging", "--evidence", str(absent)])
    assert outcome.exit_code == 1
    assert isinstance(outcome.exception, BallastError)
